//! The items of a file: which of their parts are changed, and the name of the function around them.

use syn::visit::{self, Visit};
use syn::{Block, Expr, ImplItem, Item, TraitItem, Type};

use crate::declarations::left_out;
use crate::reader::Reader;

impl Reader<'_> {
    /// Reads what runs. Types, signatures, imports and tests are left out.
    pub fn item(&mut self, item: &Item) {
        match item {
            Item::Const(item) => self.value(left_out(&item.attrs), &item.expr),
            Item::Static(item) => self.value(left_out(&item.attrs), &item.expr),
            Item::Fn(item) if !left_out(&item.attrs) => self.function(&item.sig.ident.to_string(), &item.block),
            // An item with a name is a macro_rules!
            Item::Macro(item) if item.ident.is_none() => self.visit_macro(&item.mac),
            Item::Mod(item) if !left_out(&item.attrs) => visit::visit_item_mod(self, item),
            Item::Impl(item) if !left_out(&item.attrs) => {
                let outer = self.owner.replace(type_name(&item.self_ty));
                item.items.iter().for_each(|item| self.impl_item(item));
                self.owner = outer;
            }
            Item::Trait(item) if !left_out(&item.attrs) => {
                let outer = self.owner.replace(item.ident.to_string());
                item.items.iter().for_each(|item| self.trait_item(item));
                self.owner = outer;
            }
            _ => {}
        }
    }

    fn impl_item(&mut self, item: &ImplItem) {
        match item {
            ImplItem::Const(item) => self.value(left_out(&item.attrs), &item.expr),
            ImplItem::Fn(item) if !left_out(&item.attrs) => self.function(&item.sig.ident.to_string(), &item.block),
            ImplItem::Macro(item) => self.visit_macro(&item.mac),
            _ => {}
        }
    }

    fn trait_item(&mut self, item: &TraitItem) {
        if let TraitItem::Fn(item) = item
            && let Some(block) = &item.default
            && !left_out(&item.attrs)
        {
            self.function(&item.sig.ident.to_string(), block);
        }
    }

    fn value(&mut self, left_out: bool, value: &Expr) {
        if !left_out {
            self.visit_expr(value);
        }
    }

    fn function(&mut self, name: &str, block: &Block) {
        let full = match self.owner.as_deref() {
            None | Some("") => name.to_owned(),
            Some(owner) => format!("{owner}.{name}"),
        };
        let outer = std::mem::replace(&mut self.function, full);
        self.visit_block(block);
        self.function = outer;
    }
}

/// The name of an impl's type; "" for a type without a name, such as a tuple.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path.path.segments.last().map(|s| s.ident.to_string()).unwrap_or_default(),
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Slice(slice) => type_name(&slice.elem),
        _ => String::new(),
    }
}
