package host

// EffectKind says what a plugin has done.
type EffectKind uint8

const (
	EffectSharedData EffectKind = iota // stored a value under the key Name
	EffectQueue                        // put an item into the queue Name
	EffectProperty                     // set the property Name, a path with dots
	EffectForeign                      // called the foreign function Name with an argument
)

// Effect is one thing that a plugin has done, and that had the status Ok.
type Effect struct {
	Kind  EffectKind
	Name  string
	Value []byte // a copy
}

func (vm *VM) told(kind EffectKind, name, value []byte) {
	if vm.config.Effect != nil {
		vm.config.Effect(Effect{kind, string(name), append([]byte{}, value...)})
	}
}
