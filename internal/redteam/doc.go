// Package redteam makes modules that ill-treat the host that runs them: they do not end, take for ever to compile, or
// make the host store more and more. Kinds are written by hand, one for each way that is known; Random draws modules.
// The tests run them through the commands, with limits from outside.
package redteam
