package trace

import "strings"

// Crossing is a step over the border between host and guest. A callback is two of them, its call and, after whatever
// happened inside, its return; a host function called by the guest is one.
type Crossing struct {
	ToGuest bool   // a callback of the guest; else a host function
	Return  bool   // of a callback
	Depth   int    // number of calls that it is inside of
	Name    string // of the export or import
	Args    string // decoded, such as `RequestHeaders, "allow"`
	Result  string // such as `Ok "true"`; empty if there is none
}

// String is one line without its end, indented by depth.
func (c Crossing) String() string {
	indent := strings.Repeat("  ", c.Depth)
	switch {
	case c.Return && c.Result == "":
		return indent + "<- " + c.Name
	case c.Return:
		return indent + "<- " + c.Name + " = " + c.Result
	case c.ToGuest:
		return indent + "-> " + c.Name + "(" + c.Args + ")"
	case c.Result == "":
		return indent + c.Name + "(" + c.Args + ")"
	}
	return indent + c.Name + "(" + c.Args + ") = " + c.Result
}
