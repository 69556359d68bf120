package host

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/header-auth/header-auth/host/abi"
	"github.com/header-auth/header-auth/host/property"
)

// foreignFunction is a function of Envoy that a plugin calls by name. The result is for the
// plugin when hasResult is true.
type foreignFunction func(vm *VM, argument []byte) (result []byte, hasResult bool, status abi.Status)

// foreignFunctions are those of Envoy (Envoy, source/extensions/common/wasm/foreign.cc).
var foreignFunctions = map[string]foreignFunction{
	"clear_route_cache":      clearRouteCache,
	"compress":               compress,
	"uncompress":             uncompress,
	"set_envoy_filter_state": setEnvoyFilterState,
	"declare_property":       declareProperty,
	"verify_signature":       verifySignature,
	"sign":                   sign,
	"expr_create":            createExpression,
	"expr_evaluate":          evaluateExpression,
	"expr_delete":            deleteExpression,
}

// foreignFunction is the function of that name that the plugin's Envoy has, nil when there is none.
func (vm *VM) foreignFunction(name string) foreignFunction {
	rules := vm.module.options.Profile.Rules()
	switch name {
	case "clear_route_cache":
		if !rules.ClearRouteCache {
			return nil
		}
	case "sign":
		if !rules.SignFunction {
			return nil
		}
	case "expr_create", "expr_evaluate", "expr_delete":
		if vm.module.options.Expressions == nil {
			return nil
		}
	}
	return foreignFunctions[name]
}

// clearRouteCache does nothing: there is one route here.
func clearRouteCache(*VM, []byte) ([]byte, bool, abi.Status) { return nil, false, abi.StatusOk }

// compress makes a zlib stream of the argument. Its bytes are not those of Envoy's library, which reads them.
func compress(_ *VM, argument []byte) ([]byte, bool, abi.Status) {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	if _, err := w.Write(argument); err != nil || w.Close() != nil {
		return nil, false, abi.StatusSerializationFailure
	}
	return out.Bytes(), true, abi.StatusOk
}

// uncompress reads a zlib stream; what follows its end does not count. SerializationFailure for anything else.
func uncompress(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	r, err := zlib.NewReader(bytes.NewReader(argument))
	if err != nil {
		return nil, false, abi.StatusSerializationFailure
	}
	out, err := io.ReadAll(io.LimitReader(r, hostBytes+1))
	if err != nil {
		return nil, false, abi.StatusSerializationFailure
	}
	vm.chargeBytes(len(out)) // a small stream may become a huge one
	return out, true, abi.StatusOk
}

// protoFields reads a flat protobuf message: the last value of each field, text and bytes by number, and numbers.
// utf8 are the fields that are text. false: it is no such message.
func protoFields(b []byte, fields message) (texts map[protowire.Number]string, numbers map[protowire.Number]uint64,
	ok bool) {
	if !fields.parse(b) {
		return nil, nil, false
	}
	texts, numbers = map[protowire.Number]string{}, map[protowire.Number]uint64{}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeField(b)
		_, _, tag := protowire.ConsumeTag(b)
		switch kind {
		case protowire.BytesType:
			value, _ := protowire.ConsumeBytes(b[tag:])
			texts[number] = string(value)
		case protowire.VarintType:
			numbers[number], _ = protowire.ConsumeVarint(b[tag:])
		}
		b = b[n:]
	}
	return texts, numbers, true
}

// lifeSpan is a LifeSpan: of a number that is none, that of the filter chain.
func lifeSpan(n uint64) uint64 {
	if n > 2 {
		return 0
	}
	return n
}

// setEnvoyFilterState makes an object for Envoy's other filters. The argument is a SetEnvoyFilterStateArguments.
// BadArgument for anything else and for a value that the object can't be made of; NotFound for an object that Envoy
// does not know and without a stream (Envoy, context.cc, Context::setEnvoyFilterState).
func setEnvoyFilterState(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	texts, numbers, ok := protoFields(argument, message{1: text{}, 2: text{}})
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	at := vm.module.options.Profile
	factory, known := objectFactories[texts[1]]
	if !known || at > factory.since {
		return nil, false, abi.StatusNotFound
	}
	value, valid := factory.make(texts[2])
	if !valid {
		return nil, false, abi.StatusBadArgument
	}
	s := vm.actingContext().stream
	if s == nil {
		return nil, false, abi.StatusNotFound
	}
	vm.chargeBytes(len(argument))
	hidden := factory.readableSince == never || at > factory.readableSince
	s.addObject(texts[1], &filterObject{value: value, hidden: hidden, span: lifeSpan(numbers[3])})
	return nil, false, abi.StatusOk
}

// declareProperty says what a property is that the plugin's streams set. The argument is a DeclarePropertyArguments.
// BadArgument for anything else and for a name that is declared. A stream declares for itself alone, which
// has no effect: what is set is looked up in the plugin's context (Envoy, context.cc,
// Context::declareProperty and setProperty).
func declareProperty(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	texts, numbers, ok := protoFields(argument, message{1: text{}, 4: octets{}})
	if !ok {
		return nil, false, abi.StatusBadArgument
	}
	c := vm.currentContext
	if _, declared := c.prototypes[texts[1]]; declared {
		return nil, false, abi.StatusBadArgument
	}
	vm.chargeBytes(len(argument))
	if c.prototypes == nil {
		c.prototypes = map[string]*prototype{}
	}
	kind := propertyKind(numbers[3])
	if kind > messageProperty {
		kind = bytesProperty
	}
	c.prototypes[texts[1]] = &prototype{readOnly: numbers[2] != 0, kind: kind, schema: texts[4],
		span: lifeSpan(numbers[5])}
	return nil, false, abi.StatusOk
}

// Expressions is the language of the foreign functions expr_create and expr_evaluate, which is CEL. Package host/cel
// has it. One may serve several VMs.
type Expressions interface {
	// Compile reads an expression. With an error expr_create gives BadArgument.
	Compile(text string) (Expression, error)
}

// Expression is one that was compiled.
type Expression interface {
	// Evaluate gives a value as package property has them; anything else cannot be serialized. find is the value of a
	// name. With an error expr_evaluate gives InternalFailure.
	Evaluate(find func(name string) (any, bool)) (any, error)
}

// createExpression compiles an expression for the plugin; its number, a u32, is the result. BadArgument
// when it can't be compiled.
func createExpression(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	p := vm.currentContext.plugin
	if p == nil {
		return nil, false, abi.StatusBadArgument
	}
	vm.chargeBytes(len(argument))
	e, err := vm.module.options.Expressions.Compile(string(argument))
	var unknown *UnknownFunctionError
	if errors.As(err, &unknown) {
		p.nextExpression++ // Envoy finds that out after it has taken a number
	}
	if err != nil {
		return nil, false, abi.StatusBadArgument
	}
	if p.expressions == nil {
		p.expressions = map[uint32]Expression{}
	}
	token := p.nextExpression
	p.nextExpression++
	p.expressions[token] = e
	return binary.LittleEndian.AppendUint32(nil, token), true, abi.StatusOk
}

// UnknownFunctionError is the error of Expressions.Compile for an expression that is well written and calls a
// function that there is not.
type UnknownFunctionError struct{ Name string }

func (e *UnknownFunctionError) Error() string { return "no function " + e.Name }

// evaluateExpression is the value of an expression in the context whose callback is running. BadArgument for an
// argument that is no u32; NotFound for an unknown number; InternalFailure for an expression without a value;
// SerializationFailure as of proxy_get_property.
func evaluateExpression(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	if len(argument) != 4 {
		return nil, false, abi.StatusBadArgument
	}
	c := vm.currentContext
	var e Expression
	if c.plugin != nil {
		e = c.plugin.expressions[binary.LittleEndian.Uint32(argument)]
	}
	if e == nil {
		return nil, false, abi.StatusNotFound
	}
	v, err := e.Evaluate(func(name string) (any, bool) { return vm.findProperty(c, name) })
	if err != nil {
		return nil, false, abi.StatusInternalFailure
	}
	b, ok := property.Serialize(v)
	if !ok {
		return nil, false, abi.StatusSerializationFailure
	}
	return b, true, abi.StatusOk
}

// deleteExpression forgets an expression, if there is one of that number. BadArgument for an argument that is no u32.
func deleteExpression(vm *VM, argument []byte) ([]byte, bool, abi.Status) {
	if len(argument) != 4 {
		return nil, false, abi.StatusBadArgument
	}
	if p := vm.currentContext.plugin; p != nil {
		delete(p.expressions, binary.LittleEndian.Uint32(argument))
	}
	return nil, false, abi.StatusOk
}
