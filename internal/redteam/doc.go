// Package redteam makes modules that ill-treat the host that runs them: they do not end, compile for ever, or make the
// host keep what has no end. Kinds are written by hand, one for each way that is known; Random draws modules. The tests
// run them through the commands, with limits from outside.
package redteam
