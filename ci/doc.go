// Package ci has pipelines for the users of parity to copy: plugin.github.yml and plugin.gitlab-ci.yml for the
// repository of a plugin of one's own, and measure-job.yaml, which measures on a node of a cluster. Its tests hold
// these and the workflows of this repository against the commands that they call.
package ci
