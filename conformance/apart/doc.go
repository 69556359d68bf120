// Package apart runs cases of the table in processes of their own (package sandbox), so that no module hangs the
// program that judges it, or uses up its memory. Jobs are what such a process does; Runner gives the jobs, and its
// Engine is what suite.Run runs a module's cases on.
//
// A process does one job at a time and keeps one compiled module. The limits hold for one process: several processes at
// once may take several times as much memory. When a process is killed, only the case that it ran is lost: suite.Run
// reports it as a failure of the module, with the callback and the time.
package apart
