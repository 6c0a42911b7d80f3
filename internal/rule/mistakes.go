package rule

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/yanzhen/yanzhen/internal/i18n"
)

// report adds a problem at the place of an expression; id 0 is the beginning.
func (c *compiler) report(id int64, key string, args ...any) {
	offset := 0
	if id != 0 && c.info != nil {
		loc := c.info.GetStartLocation(id)
		offset = c.offset(loc.Line(), loc.Column())
	}
	c.reportAt(offset, i18n.M(key, args...))
}

// reportCall adds a problem at the name of a function, where the parser gives its bracket.
func (c *compiler) reportCall(e celast.Expr, key string, args ...any) {
	c.reportAt(c.place(e), i18n.M(key, args...))
}

func (c *compiler) reportAt(offset int, msg i18n.Msg) {
	c.problems = append(c.problems, c.at.problem(c.src, offset, msg))
}

// offset is the place of a line (from 1) and column (from 0) of the expression, in characters.
func (c *compiler) offset(line, col int) int {
	at := 0
	for _, r := range c.src {
		if line <= 1 {
			break
		}
		if at++; r == '\n' {
			line--
		}
	}
	return at + max(col, 0)
}

var (
	quoted   = regexp.MustCompile(`'([^']*)'`)
	overload = regexp.MustCompile(`^found no matching overload for '(.+)' applied to '\((.*)\)'$`)
)

// wide is marks as a Chinese keyboard makes them, and what an expression wants.
var wide = map[rune]string{
	'（': "(", '）': ")", '，': ",", '“': `"`, '”': `"`, '‘': `'`, '’': `'`, '＞': ">", '＜': "<", '＝': "=", '≥': ">=", '≤': "<=",
	'≠': "!=", '＋': "+", '－': "-", '×': "*", '÷': "/", '。': ".", '：': ":", '？': "?", '！': "!", '＆': "&", '｜': "|", '【': "[", '】': "]",
}

// words is words that other languages use for operators.
var words = map[string]string{"and": "&&", "or": "||", "not": "!", "AND": "&&", "OR": "||", "NOT": "!", "=": "==", "<>": "!=", "&": "&&", "|": "||"}

// syntax tells the first mistake that the parser found; what follows it is mostly noise.
func (c *compiler) syntax(found []*cel.Error) {
	if at, r, ok := c.stray(); ok {
		c.strayCharacter(at, r)
		return
	}
	first := slices.MinFunc(found, func(a, b *cel.Error) int {
		return c.offset(a.Location.Line(), a.Location.Column()) - c.offset(b.Location.Line(), b.Location.Column())
	})
	at := c.offset(first.Location.Line(), first.Location.Column())
	token := ""
	if m := quoted.FindStringSubmatch(first.Message); m != nil {
		token = strings.TrimSpace(m[1])
	}
	rest := string([]rune(c.src)[min(at, len([]rune(c.src))):])
	switch {
	case strings.Contains(first.Message, "expression code point size exceeds"):
		c.reportAt(0, i18n.M("rule.too_long", maxLength))
	case strings.Contains(first.Message, "recursion"), strings.Contains(first.Message, "depth"):
		c.reportAt(at, i18n.M("rule.too_deep", maxDepth))
	case token == "<EOF>", strings.TrimSpace(rest) == "":
		c.reportAt(at, i18n.M("rule.unfinished"))
	case words[token] != "":
		c.reportAt(at, i18n.M("rule.write_instead", token, words[token]))
	case token == "" || strings.HasPrefix(token, "\\"):
		c.reportAt(at, i18n.M("rule.syntax", firstWord(rest)))
	default:
		c.reportAt(at, i18n.M("rule.syntax", firstWord(token)))
	}
}

func firstWord(s string) string {
	if f := strings.Fields(s); len(f) > 0 {
		return f[0]
	}
	return s
}

// stray is the first character outside of quotes that an expression cannot have.
func (c *compiler) stray() (at int, r rune, ok bool) {
	var quote rune
	escaped := false
	for i, r := range []rune(c.src) {
		switch {
		case escaped:
			escaped = false
		case quote != 0 && r == '\\':
			escaped = true
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r > unicode.MaxASCII:
			return i, r, true
		}
	}
	return 0, 0, false
}

// strayCharacter tells what to write instead of a wide mark or a Chinese name.
func (c *compiler) strayCharacter(at int, r rune) {
	if narrow, ok := wide[r]; ok {
		c.reportAt(at, i18n.M("rule.wide_mark", string(r), narrow))
		return
	}
	word := ""
	for _, r := range []rune(c.src)[at:] {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' {
			break
		}
		word += string(r)
	}
	for _, def := range c.env.lib.FactDefs() {
		if word != "" && (def.Name.ZH == word || slices.Contains(def.Aliases, word)) && c.env.names[def.Code] != nil {
			c.reportAt(at, i18n.M("rule.use_code", word, def.Code))
			return
		}
	}
	if word == "" {
		word = string(r)
	}
	c.reportAt(at, i18n.M("rule.use_codes", word))
}

// operatorSigns is operators as they are written.
var operatorSigns = map[string]string{
	opAnd: "&&", opOr: "||", opEq: "==", opNe: "!=", opIf: "? :", operators.In: "in", operators.LogicalNot: "!",
	operators.Add: "+", operators.Subtract: "-", operators.Multiply: "*", operators.Negate: "-", operators.Less: "<",
	operators.LessEquals: "<=", operators.Greater: ">", operators.GreaterEquals: ">=",
}

// mismatch tells what the checker found: operands whose types do not go together.
func (c *compiler) mismatch(found []*cel.Error) {
	for _, err := range found {
		at := c.offset(err.Location.Line(), err.Location.Column())
		m := overload.FindStringSubmatch(err.Message)
		if m == nil {
			c.reportAt(at, i18n.M("rule.other", err.Message))
			continue
		}
		var operands []Type
		for _, t := range strings.Split(m[2], ", ") {
			operands = append(operands, typeNamed(t))
		}
		c.reportAt(at, misfit(m[1], operands))
	}
}

// typeNamed is the type that the checker names so.
func typeNamed(s string) Type {
	for _, t := range everyType {
		if celTypes[t].String() == s {
			return t
		}
	}
	return NoType
}

// misfit says which operands do not go with an operator or function, and what to do.
func misfit(fn string, operands []Type) i18n.Msg {
	sign, isOperator := operatorSigns[fn]
	switch {
	case fn == opIf && operands[0] != BoolType:
		return i18n.M("rule.want_condition", operands[0].Msg())
	case fn == opIf && len(operands) == 3:
		return i18n.M("rule.branches", operands[1].Msg(), operands[2].Msg())
	case fn == opAnd || fn == opOr || fn == operators.LogicalNot:
		for _, t := range operands {
			if t != BoolType {
				return i18n.M("rule.want_conditions", sign, t.Msg(), hint(fn, t, BoolType))
			}
		}
	}
	if isOperator && len(operands) == 2 {
		return i18n.M("rule.operands", operands[0].Msg(), operands[1].Msg(), sign, hint(fn, operands[0], operands[1]))
	}
	if isOperator && len(operands) == 1 {
		return i18n.M("rule.operand", sign, operands[0].Msg())
	}
	list := make([]any, len(operands))
	for i, t := range operands {
		list[i] = t.Msg()
	}
	return i18n.M("rule.arguments", fn, commas(list))
}

// hint is how to mend operands of two types under an operator.
func hint(fn string, a, b Type) i18n.Msg {
	has := func(t Type) bool { return a == t || b == t }
	amount := has(MoneyType) || has(ExactType)
	key := "rule.hint_same"
	switch {
	case fn == operators.Multiply && amount && !has(IntType) && !has(TextType) && !has(BoolType) && !has(DayType):
		key = "rule.hint_times"
	case amount && (has(IntType) || has(TextType)):
		key = "rule.hint_money"
	case has(RateType) && (has(IntType) || has(TextType)):
		key = "rule.hint_rate"
	case has(DecimalType) && has(TextType):
		key = "rule.hint_decimal"
	case has(DayType) && fn == operators.Add, has(DayType) && fn == operators.Subtract:
		key = "rule.hint_days"
	case has(DayType):
		key = "rule.hint_day"
	case fn == operators.Multiply && a == DecimalType && b == DecimalType:
		key = "rule.hint_decimals"
	case fn == operators.In:
		key = "rule.hint_in"
	case has(TextType) && has(IntType):
		key = "rule.hint_text"
	case has(BoolType) && (fn == opAnd || fn == opOr || fn == operators.LogicalNot):
		key = "rule.hint_condition"
	}
	return i18n.M(key)
}
