//! What the files of a crate declare: the host's functions, and constants and variants with their neighbours.

use std::collections::{HashMap, HashSet};

use syn::visit::{self, Visit};
use syn::{Attribute, Fields, File, ForeignItemFn, ImplItemConst, ItemConst, ItemEnum, ItemFn, ItemMod, ItemStatic};

#[derive(Default)]
pub struct Declarations {
    /// Functions of extern blocks.
    pub host: HashSet<String>,
    /// From a constant, or from ENUM::VARIANT without fields, to the one that is declared beside it.
    pub neighbours: HashMap<String, String>,
    /// From a constant to its module, crate::MODULE. A file may use a constant without importing its neighbour.
    pub modules: HashMap<String, String>,
}

impl Declarations {
    pub fn add(&mut self, file: &str, tree: &File) {
        let mut found = FileDeclarations { crate_wide: self, module: module(file), constants: Vec::new() };
        found.visit_file(tree);
        let constants = found.constants;
        self.pair(&constants);
    }

    /// Gives each name a neighbour in the list: of the name after it and the one before it, the one with the
    /// longer common beginning.
    fn pair(&mut self, names: &[String]) {
        for (i, name) in names.iter().enumerate() {
            let after = names.get(i + 1);
            let before = i.checked_sub(1).and_then(|i| names.get(i));
            let neighbour = match (after, before) {
                (Some(after), Some(before)) if common_start(name, before) > common_start(name, after) => before,
                (Some(neighbour), _) | (None, Some(neighbour)) => neighbour,
                (None, None) => continue,
            };
            self.neighbours.insert(name.clone(), neighbour.clone());
        }
    }
}

fn common_start(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}

/// crate::a::b for src/a/b.rs.
fn module(file: &str) -> String {
    let path = file.rsplit_once("src/").map_or(file, |(_, path)| path);
    let mut module = String::from("crate");
    for name in path.trim_end_matches(".rs").split('/') {
        if !["lib", "main", "mod"].contains(&name) {
            module = module + "::" + name;
        }
    }
    module
}

/// Whether an item with these attributes is not part of the plugin: a test, or code for another target.
pub fn left_out(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| {
        let path = a.path();
        let condition = a.meta.require_list().map(|list| list.tokens.to_string().replace(' ', "")).unwrap_or_default();
        path.is_ident("test")
            || path.is_ident("cfg") && (condition == "test" || condition.starts_with("not(target_arch"))
    })
}

struct FileDeclarations<'a> {
    crate_wide: &'a mut Declarations,
    module: String,
    constants: Vec<String>,
}

impl FileDeclarations<'_> {
    fn constant(&mut self, name: String) {
        self.crate_wide.modules.insert(name.clone(), self.module.clone());
        self.constants.push(name);
    }
}

impl<'a> Visit<'a> for FileDeclarations<'_> {
    fn visit_item_mod(&mut self, item: &'a ItemMod) {
        if !left_out(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a ItemFn) {
        if !left_out(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_foreign_item_fn(&mut self, item: &'a ForeignItemFn) {
        self.crate_wide.host.insert(item.sig.ident.to_string());
    }

    fn visit_item_const(&mut self, item: &'a ItemConst) {
        if !left_out(&item.attrs) {
            self.constant(item.ident.to_string());
        }
    }

    fn visit_item_static(&mut self, item: &'a ItemStatic) {
        if !left_out(&item.attrs) {
            self.constant(item.ident.to_string());
        }
    }

    fn visit_impl_item_const(&mut self, item: &'a ImplItemConst) {
        if !left_out(&item.attrs) {
            self.constant(item.ident.to_string());
        }
    }

    fn visit_item_enum(&mut self, item: &'a ItemEnum) {
        let bare = item.variants.iter().filter(|v| matches!(v.fields, Fields::Unit) && v.discriminant.is_none());
        let names: Vec<String> = bare.map(|v| format!("{}::{}", item.ident, v.ident)).collect();
        self.crate_wide.pair(&names);
    }
}
