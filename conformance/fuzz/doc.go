// Package fuzz makes configurations and requests up, runs them on every build and on the model of the contract, and turns
// whatever differs into the smallest case that shows it, as a file for the request table.
package fuzz
