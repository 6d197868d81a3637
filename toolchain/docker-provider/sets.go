package main

import "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

// acceptListsInSets lets the hash functions of nested sets take plain lists. The bridge hashes the
// elements of a set as it has them, lists inside; the SDK's own hash panics on these, and the user
// sees a warning at each preview. The hashes stay the SDK's.
func acceptListsInSets(fields map[string]*schema.Schema) {
	for _, field := range fields {
		element, ok := field.Elem.(*schema.Resource)
		if !ok {
			continue
		}
		acceptListsInSets(element.Schema)
		if field.Type == schema.TypeSet && field.Set == nil {
			hash := schema.HashResource(element)
			field.Set = func(value any) int { return hash(listsToSets(value, element)) }
		}
	}
}

// listsToSets returns value, an object as element describes it, with the lists that stand for sets
// turned into sets. value itself is left as it is.
func listsToSets(value any, element *schema.Resource) any {
	object, ok := value.(map[string]any)
	if !ok {
		return value
	}
	converted := make(map[string]any, len(object))
	for name, item := range object {
		converted[name] = item
		field, known := element.Schema[name]
		list, isList := item.([]any)
		if !known || !isList {
			continue
		}
		nested, hasObjects := field.Elem.(*schema.Resource)
		items := make([]any, len(list))
		for i, one := range list {
			items[i] = one
			if hasObjects {
				items[i] = listsToSets(one, nested)
			}
		}
		converted[name] = items
		if field.Type == schema.TypeSet {
			converted[name] = schema.NewSet(setHash(field), items)
		}
	}
	return converted
}

// setHash is the hash function of a set's elements, the SDK's default where it declares none.
func setHash(field *schema.Schema) schema.SchemaSetFunc {
	if field.Set != nil {
		return field.Set
	}
	switch element := field.Elem.(type) {
	case *schema.Resource:
		return schema.HashResource(element)
	case *schema.Schema:
		return schema.HashSchema(element)
	default:
		return schema.HashString
	}
}
