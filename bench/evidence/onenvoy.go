package evidence

// OnEnvoySchema names the shape of OnEnvoy. Within v1 fields are only added; schema-envoy.json
// describes it for other programs.
const OnEnvoySchema = "header-auth/bench-envoy/v1"

// OnEnvoy is one run of the benchmark on a real Envoy, raw: what a plugin costs there, beside other ways
// of doing the same check.
type OnEnvoy struct {
	Schema    string         `json:"schema" jsonschema:"enum=header-auth/bench-envoy/v1"`
	Run       EnvoyRun       `json:"run"`
	Table     Table          `json:"table"`
	Envoy     EnvoyProgram   `json:"envoy"`
	Machine   Machine        `json:"machine"`
	Builds    []Build        `json:"builds"`
	Scenarios []Scenario     `json:"scenarios"`
	Refused   []Refused      `json:"refused"`
	Work      []Work         `json:"work"`
	Latencies []Latency      `json:"latencies"`
	Soaks     []EnvoySoak    `json:"soaks"`
	Startups  []ListenerTime `json:"startups"`
	Crossings []Crossing     `json:"crossings"`
}

// EnvoyRun is how the measurement came about.
type EnvoyRun struct {
	RunHead
	Pinned bool      `json:"pinned"` // the worker had a processor of its own
	Plan   EnvoyPlan `json:"plan"`
}

// EnvoyPlan is how much is measured.
type EnvoyPlan struct {
	Name            string  `json:"name"`
	Processes       int     `json:"processes"`        // Envoys, each started anew
	Rounds          int     `json:"rounds"`           // of all contestants once, shuffled, in each of them
	Requests        int     `json:"requests"`         // of a contestant in a round
	Connections     int     `json:"connections"`      // that are open at once
	LatencyRate     int     `json:"latency_rate"`     // requests a second
	LatencySeconds  float64 `json:"latency_seconds"`  // of a contestant and scenario in a process
	SoakRequests    int     `json:"soak_requests"`    // of a build; each has an Envoy of its own
	StartupSamples  int     `json:"startup_samples"`  // Envoys
	HostInstances   int     `json:"host_instances"`   // VMs of each guest on wazero
	HostRounds      int     `json:"host_rounds"`      // of all guests once, shuffled, in each
	HostRequests    int     `json:"host_requests"`    // timed together
	CrossingGuests  bool    `json:"crossing_guests"`  // guests that do one thing each take part
	AlternativesToo bool    `json:"alternatives_too"` // other ways of doing the check take part
}

// EnvoyProgram is the Envoy that was measured.
type EnvoyProgram struct {
	Version string `json:"version"`
	Origin  string `json:"origin"` // where it comes from
	SHA256  string `json:"sha256"` // of the program
}

// The contestants on Envoy besides the builds and Twin.
const (
	NoFilter      = "(no filter)"
	NullGuest     = "(null guest)"     // a plugin with five empty callbacks
	NativeRBAC    = "(RBAC)"           // Envoy's own filter for access rules
	LuaFilter     = "(Lua)"            // a script
	DynamicModule = "(dynamic module)" // native code that Envoy loads
	ExtAuthz      = "(ext_authz)"      // a service on the same machine
)

// CrossingScenario is the Scenario of Work by guests that do one thing each.
const CrossingScenario = "(crossings)"

// Work is the processor time of one Envoy's worker for a contestant. Round i is next to round i of every other
// contestant of the same process: they are pairs.
type Work struct {
	Scenario   string    `json:"scenario"`
	Contestant string    `json:"entrant"`
	Process    int       `json:"process"`
	Nanos      []float64 `json:"nanos"`             // of a request: the mean of a round
	Service    []float64 `json:"service,omitempty"` // likewise, of the worker of the service that is asked
}

// Latency is how long single requests took at a constant rate, from the time at which they were to be sent.
type Latency struct {
	Scenario   string `json:"scenario"`
	Contestant string `json:"entrant"`
	Process    int    `json:"process"`
	Rate       int    `json:"rate"` // a second
	// upper end of a bucket in ns (three digits), requests in it; ascending, none empty
	Counts [][2]int64 `json:"counts"`
	Max    int64      `json:"max"` // ns, exact
}

// EnvoySoak is many requests of one scenario to one Envoy with one plugin.
type EnvoySoak struct {
	Contestant string      `json:"entrant"`
	Scenario   string      `json:"scenario"`
	Requests   int         `json:"requests"` // done
	Points     []SoakPoint `json:"points"`
	Ended      string      `json:"ended,omitempty"` // why it ended before all requests
}

// SoakPoint is the state after so many requests, and what the requests since the point before took.
type SoakPoint struct {
	Requests int     `json:"requests"`
	Bytes    int64   `json:"bytes"`   // anonymous resident memory of the whole Envoy
	Nanos    float64 `json:"nanos"`   // the worker's processor time of a request, the mean; 0 at the first point
	Longest  int64   `json:"longest"` // ns that the slowest of them waited for its answer
}

// ListenerTime is how long a new listener took, from its configuration to its first answer.
type ListenerTime struct {
	Build  string `json:"build"` // or NoFilter
	Sample int    `json:"sample"`
	Nanos  int64  `json:"nanos"`
	Bytes  int64  `json:"bytes"` // by which the Envoy's anonymous resident memory grew
}

// Crossing is the time of a guest that does one thing, on package host and wazero: one VM, a number for each round.
type Crossing struct {
	Guest    string    `json:"guest"` // of bench/guest; the empty one too
	What     string    `json:"what"`  // it does, in a few words
	Instance int       `json:"instance"`
	Nanos    []float64 `json:"nanos"` // of a request
}
