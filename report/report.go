// Package report is what a run of the request table found, as data of one versioned schema.
//
// A Report is complete in itself: its JSON says what was run, on which modules, with which result, and every other form
// can be written from it (report/conformance). The package does not know how a case is run.
package report

import "time"

// Schema names the shape of a Report. Within v1 fields are only added; schema.json describes it for other programs.
const Schema = "header-auth/report/v1"

// Report is one run: builds × cases, in the order of builds.yaml and of the table.
type Report struct {
	Schema      string       `json:"schema" jsonschema:"enum=header-auth/report/v1"`
	Command     []string     `json:"command"`           // as typed
	Revision    string       `json:"revision"`          // commit of the working tree; "" when there is none
	Dirty       bool         `json:"dirty"`             // the working tree differs from that commit
	Started     *time.Time   `json:"started,omitempty"` // when the run began
	Table       Table        `json:"table"`
	Host        Host         `json:"host"`
	Machine     Machine      `json:"machine"`
	Builds      []Build      `json:"builds"`
	Cases       []Case       `json:"cases"`       // those that were selected
	Results     []Result     `json:"results"`     // build by build, each in the order of Cases
	Divergences []Divergence `json:"divergences"` // in the order of Cases
}

// Table is the folder of cases that the builds were checked against.
type Table struct {
	Name    string   `json:"name"`
	Folder  string   `json:"folder"`
	Digest  string   `json:"digest"` // sha256 over all its files, hex
	Cases   int      `json:"cases"`  // in the whole table, selected or not
	Clauses []Clause `json:"clauses"`
	Groups  []Group  `json:"groups"`
}

// Clause is one numbered sentence of the contract.
type Clause struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// Group is one file of cases.
type Group struct {
	Name   string `json:"name"`
	Breaks string `json:"breaks"` // what breaks in production when it fails
}

// Host is what the modules ran on.
type Host struct {
	Wazero    string `json:"wazero"`    // version
	Engine    string `json:"engine"`    // compiler or interpreter
	Profile   string `json:"profile"`   // the Envoy it behaves as
	Allocator string `json:"allocator"` // which export gives the host memory in the guest: envoy's order or the spec's
}

// Machine is where it ran.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"` // that the run could use
	Go   string `json:"go"`   // version that built the host
}

// Build is one module under test.
type Build struct {
	Name      string `json:"name"`
	File      string `json:"file"`
	SHA256    string `json:"sha256"` // hex; "" when the file could not be read
	Size      int    `json:"size"`   // bytes
	Language  string `json:"language,omitempty"`
	Toolchain string `json:"toolchain,omitempty"`
	SDK       string `json:"sdk,omitempty"`
	Label     string `json:"label,omitempty"` // what a reader must know about it
	// flags of parity and their values, in turn, that select it (and the same host and table) again
	Select []string `json:"select,omitempty"`
}

// Case is one row of the table.
type Case struct {
	ID      string   `json:"id"` // "group/name"
	Group   string   `json:"group"`
	Clauses []string `json:"clauses"`
	Why     string   `json:"why,omitempty"` // why it matters
	File    string   `json:"file"`
	Line    int      `json:"line"`
}

// Outcome is what became of one case on one build.
type Outcome string

const (
	Pass  Outcome = "pass"
	Fail  Outcome = "fail"  // something observed is not what the case wants
	XFail Outcome = "xfail" // failed, and is listed as known to fail
	// passed, though listed as known to fail: the list is out of date, and would hide the next failure
	XPass Outcome = "xpass"
	Skip  Outcome = "skip"  // not run, for a stated reason
	Error Outcome = "error" // could not be judged: the module did not load, did not start, did not return, was not run
)

// Red says whether the outcome makes the run fail.
func (o Outcome) Red() bool { return o == Fail || o == XPass || o == Error }

// Result is one case on one build.
type Result struct {
	Build      string      `json:"build"`
	Case       string      `json:"case"`
	Outcome    Outcome     `json:"outcome" jsonschema:"enum=pass,enum=fail,enum=xfail,enum=xpass,enum=skip,enum=error"`
	Reason     string      `json:"reason,omitempty"`  // for every outcome but pass and fail
	Seconds    float64     `json:"seconds,omitempty"` // how long it took; 0: it was not run
	Mismatches []Mismatch  `json:"mismatches,omitempty"`
	Trace      []TraceLine `json:"crossings,omitempty"` // of the step that went wrong; only in red results
}

// Mismatch is one field that differs from what the case wants. Both values are printable text, with one header or log
// line on each line.
type Mismatch struct {
	Field  string `json:"field"`
	Wanted string `json:"wanted"`
	Got    string `json:"got"`
}

// TraceLine is one call between host and guest, with its result, or the return of one.
type TraceLine struct {
	ToGuest bool   `json:"to_guest"`
	Depth   int    `json:"depth"` // number of calls that it is inside of; 0: the host called
	Text    string `json:"text"`
}

// Divergence is one field in which builds differ, although each of them conforms to the contract.
type Divergence struct {
	Case  string `json:"case"`
	Field string `json:"field"`
	Sides []Side `json:"sides"` // the largest first
}

// Side is the builds that agree on one value.
type Side struct {
	Builds []string `json:"builds"`
	Value  string   `json:"value"`
}

// Counts is how often each outcome occurred.
type Counts map[Outcome]int

// Counts counts all results.
func (r *Report) Counts() Counts {
	counts := Counts{}
	for i := range r.Results {
		counts[r.Results[i].Outcome]++
	}
	return counts
}

// Total is the number of results counted.
func (c Counts) Total() int {
	total := 0
	for _, n := range c {
		total += n
	}
	return total
}

// Red says whether one of the outcomes makes the run fail.
func (c Counts) Red() bool { return c[Fail]+c[XPass]+c[Error] > 0 }

// Empty says whether no case was run, which is never a success.
func (r *Report) Empty() bool {
	counts := r.Counts()
	return counts.Total() == counts[Skip]
}

// Conformant says whether at least one case was run, no result is red and no two builds diverge.
func (r *Report) Conformant() bool {
	return !r.Empty() && !r.Counts().Red() && len(r.Divergences) == 0
}
