//! A module of `digits` imports only from modules above it, in the order of the `mod` lines in its
//! `lib.rs`. That is the order in which data flows.

use std::path::Path;

use anyhow::{Context, Result};
use syn::visit::{self, Visit};

use crate::sources::{files_in, has_extension, is_for_tests, is_test};

/// The imports in the sources under `src` that go against the order, each as a sentence.
///
/// # Errors
/// A file cannot be read or does not parse.
pub fn violations(src: &Path) -> Result<Vec<String>> {
    let (order, for_tests) = declared(&src.join("lib.rs"))?;
    let mut breaches = Vec::new();
    for path in files_in(src)? {
        if !has_extension(&path, "rs") {
            continue;
        }
        let inside = path.strip_prefix(src).unwrap_or(&path);
        let first = inside
            .components()
            .next()
            .map(|c| c.as_os_str().to_string_lossy().into_owned())
            .unwrap_or_default();
        let module = first.trim_end_matches(".rs").to_owned();
        let name = inside.to_string_lossy().replace('\\', "/");
        if module == "lib" || is_test(inside) || for_tests.contains(&module) {
            continue;
        }
        let Some(own) = order.iter().position(|m| *m == module) else {
            breaches.push(format!(
                "crates/digits/src/{name}: lib.rs does not declare `{module}`"
            ));
            continue;
        };
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        let found =
            imported(&text).with_context(|| format!("{} does not parse", path.display()))?;
        for other in found {
            match order.iter().position(|m| *m == other) {
                Some(place) if place <= own => {}
                Some(_) => breaches.push(format!(
                    "crates/digits/src/{name} imports from `{other}`, which stands below `{module}`"
                )),
                None => {}
            }
        }
    }
    Ok(breaches)
}

/// The modules that `lib.rs` declares, in order, and the modules that only tests compile.
fn declared(lib: &Path) -> Result<(Vec<String>, Vec<String>)> {
    let text =
        std::fs::read_to_string(lib).with_context(|| format!("cannot read {}", lib.display()))?;
    let file =
        syn::parse_file(&text).with_context(|| format!("{} does not parse", lib.display()))?;
    let modules = file.items.iter().filter_map(|item| match item {
        syn::Item::Mod(item) => Some((item.ident.to_string(), is_for_tests(&item.attrs))),
        _ => None,
    });
    let (tests, order): (Vec<_>, Vec<_>) = modules.partition(|(_, only_tests)| *only_tests);
    let names = |list: Vec<(String, bool)>| list.into_iter().map(|(name, _)| name).collect();
    Ok((names(order), names(tests)))
}

/// The modules named after `crate::` in imports and paths, outside tests.
fn imported(text: &str) -> Result<Vec<String>> {
    let mut finder = Finder::default();
    finder.visit_file(&syn::parse_file(text)?);
    finder.modules.sort();
    finder.modules.dedup();
    Ok(finder.modules)
}

#[derive(Default)]
struct Finder {
    modules: Vec<String>,
}

impl<'a> Visit<'a> for Finder {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        if is_for_tests(&item.attrs) {
            return;
        }
        if let syn::UseTree::Path(path) = &item.tree
            && path.ident == "crate"
        {
            self.heads(&path.tree);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let mut names = path
            .segments
            .iter()
            .map(|segment| segment.ident.to_string());
        if names.next().as_deref() == Some("crate") {
            self.modules.extend(names.next());
        }
        visit::visit_path(self, path);
    }
}

impl Finder {
    /// Collects the first name of each path after `use crate::`.
    fn heads(&mut self, tree: &syn::UseTree) {
        match tree {
            syn::UseTree::Path(path) => self.modules.push(path.ident.to_string()),
            syn::UseTree::Name(name) => self.modules.push(name.ident.to_string()),
            syn::UseTree::Rename(name) => self.modules.push(name.ident.to_string()),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.heads(item)),
            syn::UseTree::Glob(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_and_paths_are_found_and_tests_left_out() {
        let text = "use crate::{idx, ops::conv};\nfn f() { crate::plot::draw(); }\n\
                    #[cfg(test)]\nmod tests { use crate::train; }\n";
        assert_eq!(imported(text).unwrap(), ["idx", "ops", "plot"]);
    }

    #[test]
    fn an_import_from_below_is_a_breach() {
        let folder = std::env::temp_dir().join(format!("digits-order-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(
            folder.join("lib.rs"),
            "pub mod idx;\npub mod train;\n#[cfg(test)]\nmod scratch;\n",
        )
        .unwrap();
        std::fs::write(folder.join("scratch.rs"), "use crate::train;\n").unwrap();
        std::fs::write(folder.join("idx.rs"), "use crate::train::fit;\n").unwrap();
        std::fs::write(folder.join("train.rs"), "use crate::idx;\n").unwrap();
        let breaches = violations(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(
            breaches,
            ["crates/digits/src/idx.rs imports from `train`, which stands below `idx`"]
        );
    }
}
