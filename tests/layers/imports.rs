//! The import graph between the files of a crate, read from the source text. Test code is left out.

use std::collections::{BTreeMap, BTreeSet};

/// A crate's files by module path (`crate::world::acts` is `world::acts`, the root is empty), and what each imports.
pub(crate) struct Imports {
    /// The file of each module.
    files: BTreeMap<String, String>,
    /// Names that a module re-exports: (module, name) maps to the module that defines it.
    passed_on: BTreeMap<(String, String), String>,
    /// The modules each module imports from.
    arrows: BTreeMap<String, BTreeSet<String>>,
}

impl Imports {
    /// Reads the files of a crate, given as paths below `src` and texts.
    pub(crate) fn read(sources: &[(String, String)]) -> Self {
        let mut files = BTreeMap::new();
        for (path, _) in sources {
            files.insert(module_of(path), path.clone());
        }
        let mut imports = Self { files, passed_on: BTreeMap::new(), arrows: BTreeMap::new() };
        let codes: Vec<(String, String)> =
            sources.iter().map(|(path, text)| (module_of(path), code_of(text))).collect();
        for (module, code) in &codes {
            for used in uses(code).filter(|used| used.is_public) {
                let Some(path) = imports.absolute(module, &used.path) else { continue };
                let (home, name) = path.rsplit_once("::").unwrap_or(("", &path));
                imports.passed_on.insert((module.clone(), name.to_owned()), home.to_owned());
            }
        }
        for (module, code) in &codes {
            let inline = paths_in(code);
            let paths = uses(code).map(|used| used.path).chain(inline);
            let homes: BTreeSet<String> = paths
                .filter_map(|path| imports.absolute(module, &path))
                .map(|path| imports.home(&path))
                .filter(|home| home != module)
                .collect();
            imports.arrows.insert(module.clone(), homes);
        }
        imports
    }

    /// The groups of files that import each other, each with its imports; empty for a tree without cycles.
    pub(crate) fn circles(&self) -> Vec<String> {
        let reach: BTreeMap<&String, BTreeSet<&String>> =
            self.arrows.keys().map(|from| (from, self.reached_from(from))).collect();
        let mut told = BTreeSet::new();
        let mut circles = Vec::new();
        for from in self.arrows.keys() {
            let group: BTreeSet<&String> = reach[from].iter().copied().filter(|to| reach[*to].contains(from)).collect();
            if group.is_empty() || !told.insert(group.clone()) {
                continue;
            }
            let mut text = format!("{} files import each other:\n", group.len());
            for one in &group {
                for other in self.arrows[*one].iter().filter(|other| group.contains(other)) {
                    text.push_str(&format!("  {} -> {}\n", self.files[*one], self.files[other]));
                }
            }
            circles.push(text);
        }
        circles
    }

    fn reached_from(&self, from: &String) -> BTreeSet<&String> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&String> = self.arrows[from].iter().collect();
        while let Some(next) = waiting.pop() {
            if reached.insert(next) {
                waiting.extend(self.arrows.get(next).into_iter().flatten());
            }
        }
        reached
    }

    /// A path relative to the root of the crate; `None` if it leads out of the crate.
    fn absolute(&self, module: &str, path: &str) -> Option<String> {
        let mut base: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
        let mut rest = path.split("::").peekable();
        match rest.peek()? {
            &"crate" => {
                base.clear();
                rest.next();
            }
            &"self" => {
                rest.next();
            }
            &"super" => {
                while rest.next_if_eq(&"super").is_some() {
                    base.pop()?;
                }
            }
            first => {
                let child = [&base[..], &[first]].concat().join("::");
                self.files.get(&child)?;
            }
        }
        base.extend(rest);
        Some(base.join("::"))
    }

    /// The module that defines the item a path names.
    fn home(&self, path: &str) -> String {
        let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
        let known = (0..=parts.len()).rev().find(|n| self.files.contains_key(&parts[..*n].join("::"))).unwrap_or(0);
        let module = parts[..known].join("::");
        match parts.get(known).and_then(|name| self.passed_on.get(&(module.clone(), (*name).to_owned()))) {
            Some(home) if *home != module => self.home(&format!("{home}::{}", parts[known])),
            _ => module,
        }
    }
}

struct Used {
    is_public: bool,
    path: String,
}

/// `world/tls.rs` is `world::tls`, `world/mod.rs` is `world`, and `lib.rs` or `main.rs` is the root.
fn module_of(path: &str) -> String {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if matches!(path, "lib" | "main") { String::new() } else { path.replace('/', "::") }
}

/// The source text without comments, strings and the test module at its end.
fn code_of(text: &str) -> String {
    let text = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let mut code = lines.collect::<Vec<_>>().join("\n");
    // Removes string literals within one line.
    let mut from = 0;
    while let Some(open) = code[from..].find('"').map(|at| from + at) {
        let Some(length) = code[open + 1..].find(['"', '\n']) else { break };
        code.replace_range(open..=open + 1 + length, "\n");
        from = open;
    }
    code
}

/// The paths of every `use`, with its braces expanded.
fn uses(code: &str) -> impl Iterator<Item = Used> {
    code.match_indices("use ")
        .filter_map(|(at, _)| {
            let line_start = code[..at].rfind('\n').map_or(0, |newline| newline + 1);
            let before = code[line_start..at].trim();
            let is_use = before.is_empty() || before.starts_with("pub");
            let tree = code[at + 4..].split(';').next()?;
            is_use.then(|| {
                let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
                expanded(&tree).into_iter().map(move |path| Used { is_public: before.starts_with("pub"), path })
            })
        })
        .flatten()
        .collect::<Vec<_>>()
        .into_iter()
}

/// `a::{b, c::{d}}` is `a::b` and `a::c::d`.
fn expanded(tree: &str) -> Vec<String> {
    let Some((base, rest)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap_or_default().trim().trim_end_matches("::*").to_owned()];
    };
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, letter) in inner.char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inner[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inner[from..]);
    let parts = parts.into_iter().map(str::trim).filter(|part| !part.is_empty());
    parts.flat_map(expanded).map(|part| format!("{}{part}", base.trim()).replace("::self", "")).collect()
}

/// Paths within expressions: `crate::a::b`, `super::c` and `child::d`.
fn paths_in(code: &str) -> Vec<String> {
    let words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
    // `crate::` before a brace belongs to a `use`, which is read as a whole.
    words.filter(|word| word.contains("::") && !word.ends_with(':')).map(str::to_owned).collect()
}
