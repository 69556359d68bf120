package cel

import (
	"errors"
	"reflect"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/header-auth/header-auth/host/property"
)

// object is a property.Map or property.Message as CEL's map.
type object struct{ value any }

var _ traits.Mapper = object{}

func (o object) step(key ref.Val) (any, bool) {
	name, ok := key.(types.String)
	if !ok {
		return nil, false
	}
	return property.Step(o.value, string(name))
}

// Find is the value of a key; false when there is none.
func (o object) Find(key ref.Val) (ref.Val, bool) {
	v, found := o.step(key)
	if !found {
		return nil, false
	}
	return adapter{}.NativeToValue(v), true
}

func (o object) Get(key ref.Val) ref.Val {
	v, found := o.Find(key)
	if !found {
		return types.NewErr("no such key: %v", key)
	}
	return v
}

func (o object) Contains(key ref.Val) ref.Val {
	_, found := o.step(key)
	return types.Bool(found)
}

// keys are the object's keys, none when they cannot be listed.
func (o object) keys() []string {
	m, ok := o.value.(property.Map)
	if !ok {
		return nil
	}
	keys, _ := m.Keys()
	return keys
}

func (o object) Size() ref.Val { return types.Int(len(o.keys())) }

func (o object) Iterator() traits.Iterator {
	return types.NewStringList(types.DefaultTypeAdapter, o.keys()).Iterator()
}

func (o object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, errors.New("an object is not a " + t.String())
}

func (o object) ConvertToType(t ref.Type) ref.Val {
	if t == types.TypeType {
		return types.MapType
	}
	return types.NewErr("type conversion error from map to %s", t.TypeName())
}

func (o object) Equal(other ref.Val) ref.Val {
	return types.Bool(reflect.DeepEqual(o.value, native(other)))
}

func (o object) Type() ref.Type { return types.MapType }

func (o object) Value() any { return o.value }
