//! Makes the notebook of a chapter. Outputs recorded before are kept in cells whose code is the
//! same.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::{Cell, Notebook, SET_UP, prose};
use crate::chapter::{Block, Chapter, Listing};
use crate::values::Values;

/// The code of the first cell of every notebook. It depends on `digits` only: with a second
/// dependency, cells could link two copies of dfdx.
pub const SET_UP_CODE: &str = ":dep digits = { path = \"../crates/digits\" }";

/// Makes the notebook of a chapter as it is stored and as readers get it, without hidden lines.
///
/// `before` is the notebook of the last run. Its outputs are kept in the cells whose code is the
/// same. `values` gives the values that the prose quotes.
pub fn notebook(chapter: &Chapter, before: Option<&Notebook>, values: &Values) -> Notebook {
    let mut notebook = with_code(chapter, values, |listing| &listing.shown);
    if let Some(before) = before {
        keep_run(&mut notebook, before);
    }
    notebook
}

/// Makes the notebook that is executed when a chapter is recorded or checked. Its cells include the
/// hidden lines, so line 3 of a cell is the third line after the opening fence in the Markdown.
pub fn executed(chapter: &Chapter) -> Notebook {
    with_code(chapter, &Values::default(), |listing| &listing.code)
}

fn with_code(chapter: &Chapter, values: &Values, code_of: fn(&Listing) -> &String) -> Notebook {
    let mut cells = vec![code(
        SET_UP,
        SET_UP_CODE.to_owned(),
        tagged(&["set-up".to_owned()]),
    )];
    for block in &chapter.blocks {
        cells.push(match block {
            Block::Prose(prose) => Cell::Markdown {
                id: prose.id.clone(),
                metadata: Map::new(),
                source: prose::for_notebook(chapter, prose, values),
            },
            Block::Listing(listing) => code(
                &listing.id,
                code_of(listing).trim_end().to_owned(),
                metadata(listing),
            ),
        });
    }
    Notebook {
        cells,
        metadata: about(chapter),
        nbformat: 4,
        nbformat_minor: 5,
    }
}

fn code(id: &str, source: String, metadata: Map<String, Value>) -> Cell {
    Cell::Code {
        execution_count: None,
        id: id.to_owned(),
        metadata,
        outputs: Vec::new(),
        source,
    }
}

fn metadata(listing: &Listing) -> Map<String, Value> {
    let mut metadata = tagged(&listing.marks.tags());
    if listing.marks.solution {
        metadata.insert("jupyter".into(), json!({ "source_hidden": true }));
    }
    metadata
}

fn tagged(tags: &[String]) -> Map<String, Value> {
    let mut metadata = Map::new();
    if !tags.is_empty() {
        metadata.insert("tags".into(), json!(tags));
    }
    metadata
}

fn about(chapter: &Chapter) -> Map<String, Value> {
    let about = json!({
        "digits": { "chapter": chapter.name },
        "kernelspec": { "display_name": "Rust", "language": "rust", "name": "rust" },
        "language_info": {
            "codemirror_mode": "rust",
            "file_extension": ".rs",
            "mimetype": "text/rust",
            "name": "rust",
            "pygments_lexer": "rust",
        },
    });
    about.as_object().cloned().unwrap_or_default()
}

/// Copies what a run has added: to each cell whose code is the same, and the key to the notebook.
/// The key is copied in any case, since it tells whether the outputs are stale.
fn keep_run(notebook: &mut Notebook, before: &Notebook) {
    if let Some(run) = before.metadata.get("digits").and_then(Value::as_object)
        && let Some(digits) = notebook
            .metadata
            .get_mut("digits")
            .and_then(Value::as_object_mut)
    {
        for name in ["key", "recorded"] {
            if let Some(value) = run.get(name) {
                digits.insert(name.into(), value.clone());
            }
        }
    }
    let old: HashMap<&str, &Cell> = before.cells.iter().map(|cell| (cell.id(), cell)).collect();
    for cell in &mut notebook.cells {
        let Cell::Code {
            execution_count,
            id,
            metadata,
            outputs,
            source,
        } = cell
        else {
            continue;
        };
        let Some(Cell::Code {
            execution_count: ran,
            metadata: notes,
            outputs: shown,
            source: then,
            ..
        }) = old.get(id.as_str())
        else {
            continue;
        };
        if then == source {
            *execution_count = *ran;
            *outputs = shown.clone();
            if let Some(seconds) = notes.get("digits") {
                metadata.insert("digits".into(), seconds.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse::chapter;

    const MARKDOWN: &str = "\
# T

$$ a $$ {#name}

See [there](other.md#deep).

```rust
1 + 1
```

```rust,solution
2
```
";

    fn recorded(notebook: &mut Notebook, listing: &str, text: &str) {
        for cell in &mut notebook.cells {
            if let Cell::Code {
                id,
                outputs,
                execution_count,
                ..
            } = cell
                && id == listing
            {
                *execution_count = Some(2);
                *outputs =
                    vec![json!({ "name": "stdout", "output_type": "stream", "text": [text] })];
            }
        }
    }

    #[test]
    fn cells_are_the_set_up_prose_and_listings() {
        let notebook = notebook(&chapter("t", MARKDOWN).unwrap(), None, &Values::default());
        let ids: Vec<_> = notebook.cells.iter().map(Cell::id).collect();
        assert_eq!(ids, ["set-up", "t-text-1", "t-1", "t-2"]);
        let Cell::Markdown { source, .. } = &notebook.cells[1] else {
            panic!("prose")
        };
        assert!(
            source.contains("$$ a $$\n") && source.contains("](other.ipynb"),
            "{source}"
        );
        let Cell::Code { metadata, .. } = &notebook.cells[3] else {
            panic!("code")
        };
        assert_eq!(metadata["jupyter"]["source_hidden"], true);
    }

    #[test]
    fn the_executed_cell_has_the_hidden_lines_and_the_stored_one_has_not() {
        let markdown = "# T\n\n```rust\nlet a = 1;\n# assert_eq!(a, 1);\na\n```\n";
        let chapter = chapter("t", markdown).unwrap();
        let stored = notebook(&chapter, None, &Values::default());
        assert_eq!(stored.code("t-1"), Some("let a = 1;\na"));
        assert_eq!(
            executed(&chapter).code("t-1"),
            Some("let a = 1;\n  assert_eq!(a, 1);\na")
        );
        let ids = |notebook: &Notebook| -> Vec<String> {
            notebook.cells.iter().map(|c| c.id().to_owned()).collect()
        };
        assert_eq!(ids(&executed(&chapter)), ids(&stored));
    }

    #[test]
    fn outputs_stay_with_unchanged_code_only() {
        let mut first = notebook(&chapter("t", MARKDOWN).unwrap(), None, &Values::default());
        recorded(&mut first, "t-1", "2\n");
        recorded(&mut first, "t-2", "2\n");
        let edited = chapter("t", &MARKDOWN.replace("1 + 1", "1 + 2")).unwrap();
        let second = notebook(&edited, Some(&first), &Values::default());
        assert_eq!(second.outputs("t-1"), None);
        assert_eq!(second.outputs("t-2").map(<[Value]>::len), Some(1));
    }

    #[test]
    fn a_notebook_read_back_is_the_same() {
        let written = notebook(&chapter("t", MARKDOWN).unwrap(), None, &Values::default());
        let read: Notebook = serde_json::from_str(&written.to_text().unwrap()).unwrap();
        assert_eq!(read, written);
    }
}
