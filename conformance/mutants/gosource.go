package mutants

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// goMutants gives the mutants of the files of one Go package: name to content. Functions without a body are the host's.
func goMutants(files map[string][]byte) ([]Mutant, error) {
	set := token.NewFileSet()
	names := sortedNames(files)
	var parsed []*ast.File
	w := goWalker{set: set, host: map[string]bool{}, neighbours: map[string]string{}}
	for _, name := range names {
		file, err := parser.ParseFile(set, name, files[name], parser.SkipObjectResolution)
		if err != nil {
			return nil, fmt.Errorf("parse %s: %w", name, err)
		}
		parsed = append(parsed, file)
		w.declarations(file)
	}
	var all []Mutant
	for i, file := range parsed {
		w.mutator = mutator{file: names[i], source: string(files[names[i]])}
		for _, declaration := range file.Decls {
			w.function = w.functionName(declaration)
			ast.PreorderStack(declaration, []ast.Node{file}, w.node)
		}
		all = append(all, w.done()...)
	}
	return all, nil
}

type goWalker struct {
	mutator
	set        *token.FileSet
	host       map[string]bool
	neighbours map[string]string // from a constant to the one declared beside it
}

func (w *goWalker) offset(p token.Pos) int { return w.set.Position(p).Offset }

// declarations stores what a file declares at its top level.
func (w *goWalker) declarations(file *ast.File) {
	for _, d := range file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Body == nil {
			w.host[f.Name.Name] = true
		}
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.CONST {
			continue
		}
		var names []string
		for _, s := range g.Specs {
			for _, n := range s.(*ast.ValueSpec).Names {
				names = append(names, n.Name)
			}
		}
		neighbours(names, w.neighbours)
	}
}

// neighbours maps each name to the one after or before it; of the two, to the one that shares the longer beginning.
func neighbours(names []string, to map[string]string) {
	for i, name := range names {
		best, most := "", -1
		for _, j := range []int{i + 1, i - 1} {
			if j < 0 || j >= len(names) {
				continue
			}
			if n := commonPrefix(name, names[j]); n > most {
				best, most = names[j], n
			}
		}
		if best != "" {
			to[name] = best
		}
	}
}

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// functionName is Type.method or function; "" for a declaration of something else.
func (w *goWalker) functionName(declaration ast.Decl) string {
	f, ok := declaration.(*ast.FuncDecl)
	if !ok {
		return ""
	}
	if f.Recv == nil || len(f.Recv.List) == 0 {
		return f.Name.Name
	}
	receiver := f.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	return w.text(receiver) + "." + f.Name.Name
}

func (w *goWalker) text(n ast.Node) string { return w.source[w.offset(n.Pos()):w.offset(n.End())] }

func (w *goWalker) replaceNode(op Operator, n ast.Node, text string) {
	w.replace(op, w.offset(n.Pos()), w.offset(n.End()), text)
}

// node changes one node in each way there is for it. With false, its children are not visited.
func (w *goWalker) node(n ast.Node, stack []ast.Node) bool {
	switch n := n.(type) {
	case *ast.ImportSpec, *ast.FieldList:
		return false
	case *ast.BinaryExpr:
		w.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT || n.Op == token.SUB {
			op := Logic
			if n.Op == token.SUB {
				op = Arithmetic
			}
			w.replaceNode(op, n, w.text(n.X))
		}
	case *ast.IfStmt:
		w.condition(n.Cond)
	case *ast.ForStmt:
		w.condition(n.Cond)
	case *ast.BasicLit:
		w.literal(n)
	case *ast.Ident:
		w.name(n, stack)
	case *ast.ReturnStmt:
		if !ends(n, stack) {
			w.replaceNode(Return, n, "")
		}
	case *ast.BranchStmt:
		if n.Label == nil && n.Tok != token.FALLTHROUGH {
			w.replaceNode(Statement, n, "")
		}
	case *ast.CallExpr:
		w.call(n)
	case *ast.ExprStmt:
		if call, ok := n.X.(*ast.CallExpr); ok && !w.hosts(call) {
			w.wrap(Statement, w.offset(n.Pos()), w.offset(n.End()), "if false { ", " }")
		}
	case *ast.AssignStmt:
		w.assignment(n)
	case *ast.IncDecStmt:
		swapped := map[token.Token]string{token.INC: "--", token.DEC: "++"}[n.Tok]
		w.replace(Arithmetic, w.offset(n.TokPos), w.offset(n.End()), swapped)
		w.replaceNode(Statement, n, "_ = "+w.text(n.X))
	case *ast.CaseClause:
		w.arm(n, stack)
	}
	return true
}

var (
	negated = map[string]string{"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
	shifted = map[string]string{"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
	swapped = map[string]string{"&&": "||", "||": "&&"}
	opposed = map[string]string{"+": "-", "-": "+", "*": "/", "/": "*", "%": "*", "<<": ">>", ">>": "<<", "|": "&",
		"&": "|", "^": "&"}
	otherFunction = map[string]string{ // takes the same arguments and answers otherwise
		"min": "max", "max": "min", "HasPrefix": "HasSuffix", "HasSuffix": "HasPrefix", "CutPrefix": "CutSuffix",
		"CutSuffix": "CutPrefix", "TrimLeft": "TrimRight", "TrimRight": "TrimLeft", "TrimPrefix": "TrimSuffix",
		"TrimSuffix": "TrimPrefix", "IndexByte": "LastIndexByte",
	}
)

func (w *goWalker) binary(n *ast.BinaryExpr) {
	start, op := w.offset(n.OpPos), n.Op.String()
	end := start + len(op)
	if to, ok := negated[op]; ok {
		w.replace(Comparison, start, end, to)
	}
	if to, ok := shifted[op]; ok {
		w.replace(Boundary, start, end, to)
	}
	if to, ok := swapped[op]; ok {
		w.replace(Logic, start, end, to)
		for _, side := range []ast.Expr{n.X, n.Y} {
			w.always(Logic, w.offset(side.Pos()), w.offset(side.End()), op == "&&")
		}
	}
	if to, ok := opposed[op]; ok && !isText(n) {
		w.replace(Arithmetic, start, end, to)
	}
}

// isText says whether an expression is certainly a string. Strings can't be subtracted.
func isText(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.BasicLit:
		return e.Kind == token.STRING
	case *ast.BinaryExpr:
		return isText(e.X) || isText(e.Y)
	}
	return false
}

func (w *goWalker) condition(e ast.Expr) {
	if e != nil {
		w.always(Condition, w.offset(e.Pos()), w.offset(e.End()), true, false)
	}
}

func (w *goWalker) literal(n *ast.BasicLit) {
	switch n.Kind {
	case token.INT:
		for _, by := range []int64{1, -1} {
			if text, ok := moveNumber(n.Value, by); ok {
				w.replaceNode(Number, n, text)
			}
		}
	case token.CHAR:
		c, _, _, err := strconv.UnquoteChar(n.Value[1:], '\'')
		if err == nil {
			w.replaceNode(Number, n, strconv.QuoteRuneToASCII(c+1))
			w.replaceNode(Number, n, strconv.QuoteRuneToASCII(max(0, c-1)))
		}
	case token.STRING:
		w.replaceNode(Text, n, n.Value[:1]+absentByte(n.Value)+n.Value[1:])
	}
}

// absentByte is a byte that a text does not contain: added to a set it makes another set.
func absentByte(text string) string {
	for _, c := range "~@=" {
		if !strings.ContainsRune(text, c) {
			return string(c)
		}
	}
	return "§"
}

// moveNumber is the literal of a neighbouring number, in the same notation.
func moveNumber(literal string, by int64) (string, bool) {
	digits := strings.ReplaceAll(literal, "_", "")
	n, err := strconv.ParseInt(digits, 0, 64)
	if err != nil {
		return "", false
	}
	if strings.HasPrefix(digits, "0x") && n+by >= 0 {
		return fmt.Sprintf("0x%0*x", len(digits)-2, n+by), true
	}
	return strconv.FormatInt(n+by, 10), true
}

func (w *goWalker) name(n *ast.Ident, stack []ast.Node) {
	switch parent := stack[len(stack)-1].(type) {
	case *ast.SelectorExpr:
		if to, ok := otherFunction[n.Name]; ok && parent.Sel == n {
			w.replaceNode(Arithmetic, n, to)
		}
		if parent.Sel == n {
			return
		}
	case *ast.ValueSpec:
		if slices.Contains(parent.Names, n) {
			return
		}
	case *ast.KeyValueExpr:
		if parent.Key == n {
			return
		}
	case *ast.CallExpr:
		if to, ok := otherFunction[n.Name]; ok && parent.Fun == n {
			w.replaceNode(Arithmetic, n, to)
		}
	}
	switch n.Name {
	case "true":
		w.replaceNode(Name, n, "false")
	case "false":
		w.replaceNode(Name, n, "true")
	}
	if to, ok := w.neighbours[n.Name]; ok {
		w.replaceNode(Name, n, to)
	}
}

// ends says whether a return is the last statement of its function. Without it the function would not compile.
func ends(n ast.Node, stack []ast.Node) bool {
	block, ok := stack[len(stack)-1].(*ast.BlockStmt)
	if !ok || len(stack) < 2 || block.List[len(block.List)-1] != n {
		return false
	}
	switch stack[len(stack)-2].(type) {
	case *ast.FuncDecl, *ast.FuncLit:
		return true
	}
	return false
}

func (w *goWalker) hosts(n *ast.CallExpr) bool {
	name, ok := n.Fun.(*ast.Ident)
	return ok && w.host[name.Name]
}

// Statuses of the ABI, Ok and InternalFailure: what a host call seems to have returned when it is left out.
const (
	statusOK       = "0"
	statusInternal = "10"
)

func (w *goWalker) call(n *ast.CallExpr) {
	if !w.hosts(n) {
		return
	}
	for _, status := range []string{statusOK, statusInternal} {
		w.wrap(HostCall, w.offset(n.Pos()), w.offset(n.End()), "func() uint32 { if false { return ", " }; return "+status+
			" }()")
	}
}

func (w *goWalker) assignment(n *ast.AssignStmt) {
	if n.Tok == token.DEFINE {
		return
	}
	if n.Tok != token.ASSIGN {
		op := strings.TrimSuffix(n.Tok.String(), "=")
		if to, ok := opposed[op]; ok && !isText(n.Rhs[0]) {
			w.replace(Arithmetic, w.offset(n.TokPos), w.offset(n.TokPos)+len(op), to)
		}
		w.replace(Statement, w.offset(n.Pos()), w.offset(n.TokPos)+len(op)+1, "_ =")
		return
	}
	for _, target := range n.Lhs {
		w.replaceNode(Statement, target, "_")
	}
}

func (w *goWalker) arm(n *ast.CaseClause, stack []ast.Node) {
	w.replaceNode(Arm, n, "")
	for i, value := range n.List {
		if len(n.List) == 1 {
			break
		}
		start, end := w.offset(value.Pos()), w.offset(value.End())
		if i > 0 {
			start = w.offset(n.List[i-1].End())
		} else {
			end = w.offset(n.List[1].Pos())
		}
		w.replace(Arm, start, end, "")
	}
	if s, ok := stack[len(stack)-2].(*ast.SwitchStmt); ok && s.Tag == nil {
		for _, condition := range n.List {
			w.condition(condition)
		}
	}
}
