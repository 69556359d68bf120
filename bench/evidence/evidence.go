// Package evidence holds what a benchmark measured, raw, as data of one versioned schema.
//
// None of its values is computed from others. Package verdict computes means, intervals and verdicts when a report is
// rendered, so that a better method can be applied to an old measurement.
package evidence

import "time"

// Schema names the shape of a Report. Within v1 fields are only added; schema.json describes it for other programs.
const Schema = "header-auth/bench/v1"

// Report is one run of the benchmark. Its lists are in the order of builds and scenarios, so that two reports can be
// compared as text.
type Report struct {
	Schema    string     `json:"schema" jsonschema:"enum=header-auth/bench/v1"`
	Run       Run        `json:"run"`
	Table     Table      `json:"table"`
	Host      Host       `json:"host"`
	Machine   Machine    `json:"machine"`
	Builds    []Build    `json:"builds"`
	Scenarios []Scenario `json:"scenarios"`
	Refused   []Refused  `json:"refused"`
	Batches   []Batches  `json:"speed"`
	Tails     []Tail     `json:"tails"`
	Startups  []Startup  `json:"startups"`
	Memory    []Memory   `json:"memory"`
	Resident  []Resident `json:"resident"`
	Sizes     []Size     `json:"sizes"`
	Costs     []Cost     `json:"costs"`
	Witnesses []Witness  `json:"witnesses"`
}

// RunHead is how a measurement came about, on wazero and on Envoy.
type RunHead struct {
	Command  []string  `json:"command"`  // as typed
	Revision string    `json:"revision"` // commit of the working tree; "" when there is none
	Dirty    bool      `json:"dirty"`    // the working tree differs from that commit
	Started  time.Time `json:"started"`
	Seconds  float64   `json:"seconds"` // of measuring, without making the builds; the parts of a resumed run are added
	Complete bool      `json:"complete"`
	Notes    []string  `json:"notes"` // what was not measured, and why
	Seed     uint64    `json:"seed"`  // of every shuffle
}

// Run is how the measurement came about.
type Run struct {
	RunHead
	Clock string `json:"clock"` // of Batches: thread CPU time, or wall clock where the system has no other
	Plan  Plan   `json:"plan"`
}

// Plan is how much is measured. The levels of Batches are processes × instances × rounds × requests: what varies is
// repeated at the level at which it varies (Kalibera and Jones 2013).
type Plan struct {
	Name            string `json:"name"`      // default, full, or that of a test
	Processes       int    `json:"processes"` // fresh ones, each compiling and instantiating anew
	Instances       int    `json:"instances"` // fresh VMs of each contestant and scenario in a process
	Rounds          int    `json:"rounds"`    // of all contestants once, shuffled
	Requests        int    `json:"requests"`  // timed together: one batch
	TailProcesses   int    `json:"tail_processes"`
	TailRequests    int    `json:"tail_requests"` // timed one by one, for each process, scenario and contestant
	StartupSamples  int    `json:"startup_samples"`
	SoakRequests    int    `json:"soak_requests"`
	ResidentVMs     []int  `json:"resident_vms"`     // numbers of VMs at which resident memory is read
	ResidentSamples int    `json:"resident_samples"` // processes
	Builds          bool   `json:"builds"`           // the cost of building is measured
}

// Table is the folder of cases whose requests were sent.
type Table struct {
	Name   string `json:"name"`
	Folder string `json:"folder"`
	Digest string `json:"digest"` // sha256 over all its files, hex
}

// Host is what the modules ran on.
type Host struct {
	Wazero    string `json:"wazero"`    // version
	Engine    string `json:"engine"`    // compiler or interpreter
	Profile   string `json:"profile"`   // the Envoy it behaves as
	Allocator string `json:"allocator"` // for everything but Memory, which has its own
}

// Machine is where the run was, and how busy it was.
type Machine struct {
	OS         string    `json:"os"`
	Arch       string    `json:"arch"`
	Kernel     string    `json:"kernel"`
	CPU        string    `json:"cpu"`         // model
	Microcode  string    `json:"microcode"`   // "" where the system does not tell
	CPUs       int       `json:"cpus"`        // that the run could use
	Go         string    `json:"go"`          // version that built the host
	LoadBefore []float64 `json:"load_before"` // averages over 1, 5 and 15 minutes; empty where the system does not tell
	LoadAfter  []float64 `json:"load_after"`
	Steal      float64   `json:"steal"` // share of the run's processor time that a hypervisor took, 0 to 1
}

// Build is one module under test.
type Build struct {
	Name      string `json:"name"`
	File      string `json:"file"`
	SHA256    string `json:"sha256"`
	Language  string `json:"language,omitempty"`
	Toolchain string `json:"toolchain,omitempty"`
	SDK       string `json:"sdk,omitempty"`
	Recipe    string `json:"recipe,omitempty"` // the command that builds it
	What      string `json:"what,omitempty"`   // how it is made, in a few words
	Label     string `json:"label,omitempty"`  // what a reader must know about the build
}

// Scenario is a case of the table; its last step is timed, over and over in one VM.
type Scenario struct {
	ID       string `json:"id"` // the case's
	Why      string `json:"why"`
	Decision string `json:"decision"` // allow or refuse
	Status   int    `json:"status"`   // that the client gets
}

// Refused says why a build has no number: it is not conformant, or gave a wrong answer while it was timed.
type Refused struct {
	Build    string `json:"build"`
	Scenario string `json:"scenario,omitempty"` // "": none of its numbers
	Reason   string `json:"reason"`
}

// Of reports whether the refusal takes a contestant out of a scenario; "" is what belongs to none.
func (r Refused) Of(contestant, scenario string) bool {
	return r.Build == contestant && (r.Scenario == "" || r.Scenario == scenario)
}

// The contestants besides the builds.
const (
	Floor = "(floor)" // a guest that makes the same host calls with constants, and nothing else
	Twin  = "(twin)"  // the first build once more, compiled and instantiated by itself: the A/A check
)

// Batches are the timed batches of one contestant in one instance. Batch i was timed next to batch i of every other
// contestant of the same scenario, process and instance: they are pairs.
type Batches struct {
	Scenario   string    `json:"scenario"`
	Contestant string    `json:"entrant"`
	Process    int       `json:"process"`
	Instance   int       `json:"instance"`
	Requests   int       `json:"requests,omitempty"` // of a batch; 0: as many as the plan says
	Nanos      []float64 `json:"nanos"`              // of a request, the average over its batch; a number for each round
}

// Tail is the latency of single requests.
type Tail struct {
	Scenario   string `json:"scenario"`
	Contestant string `json:"entrant"`
	Process    int    `json:"process"`
	// upper end of a bucket in ns (three digits), requests in it; ascending, none empty
	Counts [][2]int64 `json:"counts"`
	Max    int64      `json:"max"`    // ns, exact
	Spikes []Spike    `json:"spikes"` // the first thousand requests that took more than six times the median
}

// Spike is a request that took much longer than others.
type Spike struct {
	Request int   `json:"request"` // its number, from 0
	Nanos   int64 `json:"nanos"`
}

// Startup is the time of one fresh process from a module's bytes to its first answer, in ns.
type Startup struct {
	Build       string `json:"build"`
	Sample      int    `json:"sample"`
	Cached      bool   `json:"cached"` // the compiled code came from wazero's cache on disk
	Compile     int64  `json:"compile"`
	Instantiate int64  `json:"instantiate"` // and the module's own start functions
	Configure   int64  `json:"configure"`   // context_create, vm_start, configure
	First       int64  `json:"first"`       // request, whole
}

// Memory is one soak: many requests of one scenario on one VM.
type Memory struct {
	Build string `json:"build"`
	// which export gives the host memory in the guest: envoy's order or the spec's
	Allocator string `json:"allocator"`
	Scenario  string `json:"scenario,omitempty"` // "": the first that is allowed and the first that is refused, in turn
	Requests  int    `json:"requests"`
	Ready     int64  `json:"ready"`           // bytes of linear memory once configured
	Limit     int64  `json:"limit,omitempty"` // bytes that it can't grow beyond; 0: Envoy's 1 GiB
	// after so many requests: each change, and points spaced evenly on a log scale
	Curve []Point `json:"curve"`
	// likewise, what the host keeps for the plugin: bytes of shared data, queues and metrics; none: it never grew
	Kept  []Point `json:"kept,omitempty"`
	Ended string  `json:"ended,omitempty"` // why it ended before all requests: "out of memory after …"
}

// Point is the size of linear memory after so many requests.
type Point struct {
	Requests int   `json:"requests"`
	Bytes    int64 `json:"bytes"`
}

// Resident is the memory of a process with so many warm VMs of one module.
type Resident struct {
	Build  string  `json:"build"`
	Sample int     `json:"sample"` // process
	VMs    []int   `json:"vms"`
	Bytes  []int64 `json:"bytes"` // anonymous resident memory at each number of VMs
}

// Size is how large a module is, in bytes.
type Size struct {
	Build       string    `json:"build"`
	Raw         int       `json:"raw"`
	Stripped    int       `json:"stripped"`     // without custom sections
	StrippedZip int       `json:"stripped_zip"` // that, by gzip -9
	Zip         int       `json:"zip"`          // the file as it is, by gzip -9
	Sections    []Section `json:"sections"`
	Image       int       `json:"image"`         // what a registry stores: layer, configuration and manifest
	CacheOnDisk int       `json:"cache_on_disk"` // wazero's compiled code; 0: not read
	Profiles    []Loads   `json:"profiles"`
}

// Section is a part of a module.
type Section struct {
	Name  string `json:"name"` // code, data, custom …
	Bytes int    `json:"bytes"`
}

// Loads says whether an Envoy loads a module.
type Loads struct {
	Profile string `json:"profile"`
	Loads   bool   `json:"loads"`
	Reason  string `json:"reason,omitempty"`
}

// Cost is what making and keeping a build costs.
type Cost struct {
	Build          string   `json:"build"`
	Cold           float64  `json:"cold"`            // seconds, nothing built before; 0: not measured
	Warm           float64  `json:"warm"`            // seconds, after a change of one line; 0: not measured
	ToolchainBytes int64    `json:"toolchain_bytes"` // on disk; 0: not measured
	Dependencies   []string `json:"dependencies"`    // modules or crates that go into the build, with versions
	Lines          int      `json:"lines"`           // of the plugin's own source: no blank lines, comments, tests
	Parts          []Part   `json:"parts"`           // SDK, collector, compiler
}

// Part is something a team chooses along with a build.
type Part struct {
	Role    string `json:"role"` // SDK, collector, compiler
	Name    string `json:"name"`
	Version string `json:"version"`
	Date    string `json:"date"`    // of that version, 2006-01-02
	State   string `json:"state"`   // maintained, archived …
	Source  string `json:"source"`  // address
	Checked string `json:"checked"` // when the source was last read, 2006-01-02
}

// Witness has the exact counts of one request in a warm VM.
type Witness struct {
	Build        string  `json:"build"` // or Floor
	Scenario     string  `json:"scenario"`
	ToGuest      int     `json:"to_guest"`       // calls of the host into the guest
	ToHost       int     `json:"to_host"`        // calls of the guest into the host
	BytesToGuest int     `json:"bytes_to_guest"` // that the host wrote into linear memory
	BytesToHost  int     `json:"bytes_to_host"`  // that the host read from it
	Pages        int     `json:"pages"`          // of 64 KiB, after the warm-up
	Instructions float64 `json:"instructions"`   // by callgrind, host included; 0: not counted
}
