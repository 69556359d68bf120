package suitetest

// RunModule lets a test compile a module with a short deadline.
var RunModule = runModule
