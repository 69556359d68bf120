// Package cel has the language of the foreign functions expr_create and expr_evaluate: CEL without types that are
// checked ahead, with its standard functions and no more, as Envoy sets it up (Envoy,
// source/extensions/common/wasm/foreign.cc).
//
// It is a package of its own because the library is large: host.Options.Expressions is given one by those who need it.
package cel

import (
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/header-auth/header-auth/host"
	"github.com/header-auth/header-auth/host/property"
)

// New is the language. It is set up with its first expression, because most plugins have none.
func New() host.Expressions {
	return &language{sync.OnceValues(func() (*cel.Env, error) { return cel.NewEnv(cel.CustomTypeAdapter(adapter{})) })}
}

type language struct{ env func() (*cel.Env, error) }

// Compile reads an expression. The error is a *host.UnknownFunctionError, or what the parser says.
func (l *language) Compile(text string) (host.Expression, error) {
	env, err := l.env()
	if err != nil {
		return nil, err
	}
	parsed, issues := env.Parse(text)
	if err := issues.Err(); err != nil {
		return nil, err
	}
	unknown := ""
	ast.PreOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.CallKind && !env.HasFunction(e.AsCall().FunctionName()) {
			unknown = e.AsCall().FunctionName()
		}
	}))
	if unknown != "" {
		return nil, &host.UnknownFunctionError{Name: unknown}
	}
	program, err := env.Program(parsed, cel.CostLimit(costLimit))
	if err != nil {
		return nil, err
	}
	return expression{program}, nil
}

// costLimit ends an expression that would take too long, as a limit of 10000 iterations does in Envoy's library.
const costLimit = 1_000_000

type expression struct{ program cel.Program }

func (e expression) Evaluate(find func(string) (any, bool)) (any, error) {
	v, _, err := e.program.Eval(activation{find})
	if err != nil {
		return nil, err
	}
	return native(v), nil
}

// activation finds the names of an expression.
type activation struct{ find func(string) (any, bool) }

func (a activation) ResolveName(name string) (any, bool) { return a.find(name) }

func (a activation) Parent() cel.Activation { return nil }

// adapter makes CEL's values of the property package's.
type adapter struct{}

func (a adapter) NativeToValue(v any) ref.Val {
	switch v := v.(type) {
	case ref.Val:
		return v
	case property.Map, property.Message:
		return object{v}
	case []any:
		return types.NewDynamicList(a, v)
	}
	return types.DefaultTypeAdapter.NativeToValue(v)
}

// unserializable stands for what no plugin can be given, such as a type.
type unserializable struct{}

// native makes a value of the property package of CEL's.
func native(v ref.Val) any {
	switch v := v.(type) {
	case object:
		return v.value
	case types.Bool:
		return bool(v)
	case types.Int:
		return int64(v)
	case types.Uint:
		return uint64(v)
	case types.Double:
		return float64(v)
	case types.String:
		return string(v)
	case types.Bytes:
		return []byte(v)
	case types.Duration:
		return v.Duration
	case types.Timestamp:
		return v.Time
	case traits.Mapper:
		out := property.Values{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			key := it.Next()
			name, ok := property.Serialize(native(key))
			if !ok {
				return unserializable{}
			}
			out[string(name)] = native(v.Get(key))
		}
		return out
	case traits.Lister:
		out := []any{}
		for it := v.Iterator(); it.HasNext() == types.True; {
			out = append(out, native(it.Next()))
		}
		return out
	}
	return unserializable{}
}
