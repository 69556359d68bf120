package validate

import (
	"context"
	"fmt"
	"math"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/yaml"
)

// kinds are the schemas of objects, by apiVersion and kind.
type kinds map[string]*kind

type kind struct {
	structural *schema.Structural
	validator  validation.SchemaValidator
}

// read adds the definitions of a file. The lines of a template in it are left out.
func (k kinds) read(file string) error {
	for _, text := range strings.Split(withoutTemplate(file), "\n---\n") {
		var crd apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal([]byte(text), &crd); err != nil {
			return err
		}
		for _, v := range crd.Spec.Versions {
			if v.Schema == nil || v.Schema.OpenAPIV3Schema == nil {
				continue
			}
			var props apiextensions.JSONSchemaProps
			if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(v.Schema.OpenAPIV3Schema,
				&props, nil); err != nil {
				return err
			}
			structural, err := schema.NewStructural(&props)
			if err != nil {
				return err
			}
			validator, _, err := validation.NewSchemaValidator(&props)
			if err != nil {
				return err
			}
			k[crd.Spec.Group+"/"+v.Name+" "+crd.Spec.Names.Kind] = &kind{structural, validator}
		}
	}
	return nil
}

func withoutTemplate(file string) string {
	var kept []string
	for _, line := range strings.Split(file, "\n") {
		if !strings.HasPrefix(line, "{{") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

// faults are what a Kubernetes API server has against an object, and the fields that it would drop.
func (k kinds) faults(object map[string]any) []string {
	name := fmt.Sprint(object["apiVersion"], " ", object["kind"])
	known := k[name]
	if known == nil {
		return []string{"no schema for " + name}
	}
	var faults []string
	options := schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}
	for _, path := range pruning.PruneWithOptions(object, known.structural, true, options) {
		faults = append(faults, "unknown field "+path)
	}
	defaulting.Default(object, known.structural)
	errs := validation.ValidateCustomResource(nil, object, known.validator)
	rules, _ := cel.NewValidator(known.structural, true, math.MaxUint64/2).Validate(
		context.Background(), field.NewPath(""), known.structural, object, nil, math.MaxInt64)
	for _, err := range append(errs, rules...) {
		faults = append(faults, err.Error())
	}
	return faults
}
