//! The contents of macro calls. syn gives them as tokens, because only the macro knows what they mean.

use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::visit::Visit;
use syn::{Block, Expr, Macro, Pat, Stmt, Token};

use crate::reader::Reader;
use crate::spans;

enum Content {
    Arguments(Vec<Expr>),
    Statements(Vec<Stmt>),
    Matches(Box<Expr>, Box<Pat>, Option<Expr>),
}

/// Parses what macros usually take: `a, b`, `a; n`, the pattern of matches!, statements.
fn content(call: &Macro) -> syn::Result<Content> {
    let named = |name: &str| call.path.segments.last().is_some_and(|s| s.ident == name);
    if named("matches") {
        return matches_content.parse2(call.tokens.clone());
    }
    let arguments = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(call.tokens.clone());
    let error = match arguments {
        Ok(arguments) => return Ok(Content::Arguments(arguments.into_iter().collect())),
        Err(error) => error,
    };
    if let Ok(arguments) = repeated.parse2(call.tokens.clone()) {
        return Ok(Content::Arguments(arguments));
    }
    Block::parse_within.parse2(call.tokens.clone()).map(Content::Statements).map_err(|_| error)
}

fn repeated(input: ParseStream) -> syn::Result<Vec<Expr>> {
    let value = input.parse()?;
    input.parse::<Token![;]>()?;
    Ok(vec![value, input.parse()?])
}

fn matches_content(input: ParseStream) -> syn::Result<Content> {
    let value = input.parse()?;
    input.parse::<Token![,]>()?;
    let pattern = Pat::parse_multi_with_leading_vert(input)?;
    let guard = match input.parse::<Option<Token![if]>>()? {
        Some(_) => Some(input.parse()?),
        None => None,
    };
    input.parse::<Option<Token![,]>>()?;
    Ok(Content::Matches(value, Box::new(pattern), guard))
}

impl Reader<'_> {
    /// A macro with other contents is a fault. Otherwise a part of the plugin would not be changed, and no
    /// message would say so.
    pub fn macro_call(&mut self, call: &Macro) {
        match content(call) {
            Ok(Content::Arguments(arguments)) => arguments.iter().for_each(|a| self.argument(a)),
            Ok(Content::Statements(statements)) => statements.iter().for_each(|s| self.visit_stmt(s)),
            Ok(Content::Matches(value, pattern, guard)) => {
                self.visit_expr(&value);
                self.alternatives(&pattern);
                self.visit_pat(&pattern);
                if let Some(guard) = guard {
                    self.condition(&guard);
                    self.visit_expr(&guard);
                }
            }
            Err(error) => {
                let name = call.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default();
                let wanted = "expected expressions, statements or a pattern; src/macros.rs says which";
                let error = syn::Error::new(error.span(), format!("in {name}!: {error}: {wanted}"));
                self.fault.get_or_insert(spans::fault(self.file, &error));
            }
        }
    }

    /// In format!("{x}", x = 1), `x = 1` is not an assignment.
    fn argument(&mut self, argument: &Expr) {
        match argument {
            Expr::Assign(named) => self.visit_expr(&named.right),
            argument => self.visit_expr(argument),
        }
    }
}
