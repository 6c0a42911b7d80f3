package content

// SchemaTypes is what each form of content file is decoded into, by the name of its schema.
func SchemaTypes() map[string]any {
	return map[string]any{
		"facts": &factFile{}, "codes": &CodeList{}, "authorities": &authorityFile{}, "targets": &targetFile{},
		"vocabulary": &vocabularyFile{}, "units": &unitFile{}, "tables": &tableFile{},
		"calendar": &CalendarYear{}, "register": &Register{},
	}
}
