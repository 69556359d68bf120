//! The changes of one file: each expression and pattern is changed in every way there is for it.

use std::ops::Range;

use syn::visit::{self, Visit};
use syn::*;

use crate::changes::{self, ACTIONS, Change, METHODS, NEGATED, OPPOSED, Operator, SHIFTED};
use crate::declarations::Declarations;
use crate::spans::{between, range};

/// Statuses of the ABI, Ok and InternalFailure: what a host call seems to have returned when it is left out.
const STATUSES: [&str; 2] = ["0", "10"];

pub struct Reader<'a> {
    declarations: &'a Declarations,
    pub file: &'a str,
    pub source: &'a str,
    /// The type of the impl or trait around, the function around.
    pub owner: Option<String>,
    pub function: String,
    /// The first thing that could not be read.
    pub fault: Option<String>,
    changes: Vec<Change>,
}

impl<'a> Reader<'a> {
    pub fn new(declarations: &'a Declarations, file: &'a str, source: &'a str) -> Self {
        let (owner, function, fault, changes) = (None, String::new(), None, Vec::new());
        Reader { declarations, file, source, owner, function, fault, changes }
    }

    pub fn read(mut self, tree: &File) -> std::result::Result<Vec<Change>, String> {
        self.visit_file(tree);
        self.fault.map_or(Ok(self.changes), Err)
    }

    pub fn replace(&mut self, operator: Operator, at: Range<usize>, after: String) {
        let before = self.source[at.clone()].to_owned();
        let line = 1 + self.source[..at.start].matches('\n').count();
        let (file, function) = (self.file.to_owned(), self.function.clone());
        self.changes.push(Change { file, function, operator, line, start: at.start, end: at.end, before, after });
    }

    /// Makes a condition true or false. The condition stays in the code after the answer, because a variable
    /// may be used only there.
    fn always(&mut self, operator: Operator, condition: &Expr, answer: bool) {
        let at = range(condition);
        let start = if answer { "true || (" } else { "false && (" };
        let after = format!("{start}{})", &self.source[at.clone()]);
        self.replace(operator, at, after);
    }

    pub fn condition(&mut self, condition: &Expr) {
        if !binds(condition) {
            self.always(changes::CONDITION, condition, true);
            self.always(changes::CONDITION, condition, false);
        }
    }

    /// Swaps && and ||, and takes the operand on each side for granted.
    fn logic(&mut self, e: &ExprBinary) {
        let and = matches!(e.op, BinOp::And(_));
        self.replace(changes::LOGIC, range(&e.op), if and { "||" } else { "&&" }.to_owned());
        let (left, right) = (last_operand(&e.left, and), first_operand(&e.right));
        if !binds(left) && !binds(right) {
            self.always(changes::LOGIC, left, and);
            self.always(changes::LOGIC, right, and);
        }
    }

    /// Turns += into -=, and leaves it out.
    fn compound(&mut self, e: &ExprBinary, operator: &str) {
        let at = range(&e.op);
        if let Some(other) = OPPOSED.of(operator) {
            self.replace(changes::ARITHMETIC, at.start..at.start + operator.len(), other.to_owned());
        }
        self.replace(changes::STATEMENT, between(&e.left, &e.op), "_ =".to_owned());
    }

    /// Leaves out one alternative of a pattern at a time.
    pub fn alternatives(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Guard(guarded) => self.alternatives(&guarded.pat),
            Pat::Or(or) => {
                let cases: Vec<Range<usize>> = or.cases.iter().map(range).collect();
                for (i, case) in cases.iter().enumerate() {
                    let at = match (cases.get(i + 1), i.checked_sub(1)) {
                        (Some(next), _) => case.start..next.start,
                        (None, Some(previous)) => cases[previous].end..case.end,
                        (None, None) => continue,
                    };
                    self.replace(changes::ARM, at, String::new());
                }
            }
            _ => {}
        }
    }

    /// Leaves out a statement that is a call.
    fn call_statement(&mut self, at: Range<usize>) {
        let after = format!("if false {{ {} }}", &self.source[at.clone()]);
        self.replace(changes::STATEMENT, at, after);
    }

    /// Puts the neighbour of a constant in its place.
    fn constant(&mut self, name: &Ident, is_qualified: bool) {
        let Some(neighbour) = self.declarations.neighbours.get(&name.to_string()) else {
            return;
        };
        let after = match self.declarations.modules.get(neighbour) {
            Some(module) if !is_qualified => format!("{module}::{neighbour}"),
            _ => neighbour.clone(),
        };
        self.replace(changes::NAME, range(name), after);
    }
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_item(&mut self, item: &'ast Item) {
        self.item(item);
    }

    fn visit_stmt(&mut self, statement: &'ast Stmt) {
        match statement {
            Stmt::Expr(e, Some(end)) => {
                if matches!(e, Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_) | Expr::Try(_)) {
                    self.call_statement(between(e, end));
                }
                if let Expr::Try(e) = e {
                    self.replace(changes::RETURN, range(&e.question_token), ".ok()".to_owned());
                }
            }
            Stmt::Macro(call) => {
                if let Some(end) = &call.semi_token {
                    self.call_statement(between(&call.mac, end));
                }
            }
            _ => {}
        }
        visit::visit_stmt(self, statement);
    }

    fn visit_expr_binary(&mut self, e: &'ast ExprBinary) {
        self.visit_expr(&e.left);
        let operator = &self.source[range(&e.op)];
        if matches!(e.op, BinOp::And(_) | BinOp::Or(_)) {
            self.logic(e);
        } else if let Some(negated) = NEGATED.of(operator) {
            self.replace(changes::COMPARISON, range(&e.op), negated.to_owned());
            if let Some(shifted) = SHIFTED.of(operator) {
                self.replace(changes::BOUNDARY, range(&e.op), shifted.to_owned());
            }
        } else if let Some(operator) = operator.strip_suffix('=') {
            self.compound(e, operator);
        } else if let Some(other) = OPPOSED.of(operator) {
            self.replace(changes::ARITHMETIC, range(&e.op), other.to_owned());
        }
        self.visit_expr(&e.right);
    }

    fn visit_expr_unary(&mut self, e: &'ast ExprUnary) {
        match e.op {
            UnOp::Not(_) => self.replace(changes::LOGIC, range(&e.op), String::new()),
            UnOp::Neg(_) => self.replace(changes::ARITHMETIC, range(&e.op), String::new()),
            _ => {}
        }
        visit::visit_expr_unary(self, e);
    }

    fn visit_expr_assign(&mut self, e: &'ast ExprAssign) {
        self.visit_expr(&e.left);
        match &*e.left {
            Expr::Tuple(targets) => {
                for target in &targets.elems {
                    self.replace(changes::STATEMENT, range(target), "_".to_owned());
                }
            }
            Expr::Infer(_) => {} // `_ = x` assigns nothing
            target => self.replace(changes::STATEMENT, range(target), "_".to_owned()),
        }
        self.visit_expr(&e.right);
    }

    fn visit_expr_range(&mut self, e: &'ast ExprRange) {
        match e.limits {
            RangeLimits::Closed(_) => self.replace(changes::BOUNDARY, range(&e.limits), "..".to_owned()),
            RangeLimits::HalfOpen(_) if e.start.is_some() && e.end.is_some() => {
                self.replace(changes::BOUNDARY, range(&e.limits), "..=".to_owned());
            }
            RangeLimits::HalfOpen(_) => {}
        }
        visit::visit_expr_range(self, e);
    }

    fn visit_expr_if(&mut self, e: &'ast ExprIf) {
        self.condition(&e.cond);
        visit::visit_expr_if(self, e);
    }

    fn visit_expr_while(&mut self, e: &'ast ExprWhile) {
        self.condition(&e.cond);
        visit::visit_expr_while(self, e);
    }

    fn visit_pat_guard(&mut self, pattern: &'ast PatGuard) {
        self.condition(&pattern.guard);
        visit::visit_pat_guard(self, pattern);
    }

    fn visit_expr_match(&mut self, e: &'ast ExprMatch) {
        for arm in &e.arms {
            self.replace(changes::ARM, range(arm), String::new());
            self.alternatives(&arm.pat);
        }
        visit::visit_expr_match(self, e);
    }

    fn visit_expr_return(&mut self, e: &'ast ExprReturn) {
        self.replace(changes::RETURN, range(e), "{}".to_owned());
        visit::visit_expr_return(self, e);
    }

    fn visit_expr_break(&mut self, e: &'ast ExprBreak) {
        self.replace(changes::STATEMENT, range(e), "{}".to_owned());
        visit::visit_expr_break(self, e);
    }

    fn visit_expr_continue(&mut self, e: &'ast ExprContinue) {
        self.replace(changes::STATEMENT, range(e), "{}".to_owned());
    }

    fn visit_expr_call(&mut self, e: &'ast ExprCall) {
        if let Expr::Path(function) = &*e.func
            && let Some(last) = function.path.segments.last()
            && self.declarations.host.contains(&last.ident.to_string())
        {
            for status in STATUSES {
                self.replace(changes::HOST_CALL, range(e), status.to_owned());
            }
        }
        visit::visit_expr_call(self, e);
    }

    fn visit_expr_method_call(&mut self, e: &'ast ExprMethodCall) {
        if let Some(other) = METHODS.of(&e.method.to_string()) {
            self.replace(changes::ARITHMETIC, range(&e.method), other.to_owned());
        }
        visit::visit_expr_method_call(self, e);
    }

    fn visit_lit(&mut self, literal: &'ast Lit) {
        self.literal(literal);
    }

    fn visit_path(&mut self, path: &'ast Path) {
        let segments: Vec<&PathSegment> = path.segments.iter().collect();
        if let Some(first) = segments.first() {
            self.constant(&first.ident, path.leading_colon.is_some());
        }
        for pair in segments.windows(2) {
            let (outer, inner) = (pair[0], pair[1]);
            let full = format!("{}::{}", outer.ident, inner.ident);
            let variant = self.declarations.neighbours.get(&full).map(String::as_str).or_else(|| ACTIONS.of(&full));
            match variant.map(str::to_owned) {
                Some(other) => self.replace(changes::NAME, between(&outer.ident, &inner.ident), other),
                None => self.constant(&inner.ident, true),
            }
        }
        visit::visit_path(self, path);
    }

    /// In a pattern, a constant without a path looks like a new variable.
    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        self.constant(&pattern.ident, false);
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.macro_call(call);
    }
}

/// Whether a condition binds names. Then it can't be made true or false, because the code after it uses these names.
fn binds(condition: &Expr) -> bool {
    match condition {
        Expr::Let(_) => true,
        Expr::Binary(e) => binds(&e.left) || binds(&e.right),
        _ => false,
    }
}

/// The operand directly left of && or ||. In `a && b && c`, it is b for the second &&. In `a && b || c`, it is `a &&
/// b` for the ||.
fn last_operand(left: &Expr, of_and: bool) -> &Expr {
    match left {
        Expr::Binary(e) if matches!((&e.op, of_and), (BinOp::And(_), true) | (BinOp::Or(_), false)) => &e.right,
        other => other,
    }
}

/// The operand directly right of && or ||. In `a || b && c`, it is b for the ||.
fn first_operand(right: &Expr) -> &Expr {
    match right {
        Expr::Binary(e) if matches!(e.op, BinOp::And(_) | BinOp::Or(_)) => first_operand(&e.left),
        other => other,
    }
}
