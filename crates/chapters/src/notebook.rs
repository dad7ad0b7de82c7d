//! Notebook files (nbformat 4.5): reading, writing, and the outputs recorded in them.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub mod compare;
pub mod key;
mod prose;
pub mod write;

/// The name of the first cell, which is generated.
pub const SET_UP: &str = "set-up";

/// A notebook: its cells, and facts about their last run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notebook {
    /// The set-up cell, then the chapter's blocks in their order.
    pub cells: Vec<Cell>,
    /// Kernel and language; under `digits` the chapter, and the key, day and machine of the
    /// recorded run.
    pub metadata: Map<String, Value>,
    /// The major version of the format: 4.
    pub nbformat: u32,
    /// The minor version: 5, the first one whose cells have names.
    pub nbformat_minor: u32,
}

/// A cell of a notebook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cell_type", rename_all = "snake_case")]
pub enum Cell {
    /// A listing and its outputs.
    Code {
        /// Its number in the recorded run, from 1; `None` if it was not run.
        execution_count: Option<u32>,
        /// The name of the listing.
        id: String,
        /// Its tags; under `digits` how many seconds it took.
        metadata: Map<String, Value>,
        /// The outputs in Jupyter's format.
        outputs: Vec<Value>,
        /// The code that readers see.
        #[serde(with = "lines")]
        source: String,
    },
    /// Prose.
    Markdown {
        /// The name of the prose.
        id: String,
        /// Empty.
        metadata: Map<String, Value>,
        /// The Markdown.
        #[serde(with = "lines")]
        source: String,
    },
}

impl Cell {
    /// The name of the cell. It does not change when other cells are edited.
    pub fn id(&self) -> &str {
        match self {
            Cell::Code { id, .. } | Cell::Markdown { id, .. } => id,
        }
    }
}

impl Notebook {
    /// Reads a notebook; `None` if there is no such file.
    ///
    /// # Errors
    /// The file cannot be read or is not a notebook.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let read = serde_json::from_str(&text)
            .with_context(|| format!("{} is not a notebook", path.display()))?;
        Ok(Some(read))
    }

    /// The notebook as JSON, formatted as Jupyter does: indented by one blank, with a last newline.
    ///
    /// # Errors
    /// Never for a notebook that was read or generated.
    pub fn to_text(&self) -> Result<String> {
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b" ");
        self.serialize(&mut serde_json::Serializer::with_formatter(
            &mut text, formatter,
        ))?;
        Ok(String::from_utf8(text)? + "\n")
    }

    /// The outputs recorded for a listing; `None` if it was never run.
    pub fn outputs(&self, listing: &str) -> Option<&[Value]> {
        self.cells.iter().find_map(|cell| match cell {
            Cell::Code {
                id,
                outputs,
                execution_count: Some(_),
                ..
            } if id == listing => Some(outputs.as_slice()),
            _ => None,
        })
    }

    /// The key of the recorded run, if there was one.
    pub fn key(&self) -> Option<&str> {
        self.metadata.get("digits")?.get("key")?.as_str()
    }

    /// The code of the cell of a listing.
    pub fn code(&self, listing: &str) -> Option<&str> {
        self.cells.iter().find_map(|cell| match cell {
            Cell::Code { id, source, .. } if id == listing => Some(source.as_str()),
            _ => None,
        })
    }

    /// The day and machine of the recorded run: `2026-11-21 (…, 2 cores)`.
    pub fn recorded(&self) -> Option<String> {
        let recorded = self.metadata.get("digits")?.get("recorded")?;
        Some(format!(
            "{} ({})",
            recorded["day"].as_str()?,
            recorded["machine"].as_str()?
        ))
    }

    /// Every line of text that the recorded run printed.
    pub fn printed(&self) -> Vec<String> {
        let outputs = self.cells.iter().flat_map(|cell| match cell {
            Cell::Code { outputs, .. } => outputs.as_slice(),
            Cell::Markdown { .. } => &[],
        });
        outputs
            .filter_map(text_of)
            .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
            .collect()
    }

    /// The same notebook without outputs, execution numbers, seconds and facts about the run.
    pub fn without_run(&self) -> Self {
        let mut bare = self.clone();
        if let Some(digits) = bare
            .metadata
            .get_mut("digits")
            .and_then(Value::as_object_mut)
        {
            digits.retain(|name, _| name == "chapter");
        }
        for cell in &mut bare.cells {
            if let Cell::Code {
                execution_count,
                metadata,
                outputs,
                ..
            } = cell
            {
                *execution_count = None;
                metadata.remove("digits");
                outputs.clear();
            }
        }
        bare
    }
}

/// The text of an output: what was printed, or a value as plain text. Pictures and tables have
/// none.
pub fn text_of(output: &Value) -> Option<String> {
    match output["output_type"].as_str()? {
        "stream" => Some(joined(&output["text"])),
        "execute_result" | "display_data" => {
            let data = output["data"].as_object()?;
            let rich = data.keys().any(|mime| mime != "text/plain");
            (!rich).then(|| joined(&data["text/plain"]))
        }
        _ => None,
    }
}

/// The text of a JSON value that holds a string or a list of lines, as Jupyter stores texts.
pub fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// A text as a list of its lines, as Jupyter stores it.
pub fn split(text: &str) -> Value {
    json!(text.split_inclusive('\n').collect::<Vec<_>>())
}

mod lines {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::Value;

    pub fn serialize<S: Serializer>(text: &str, to: S) -> Result<S::Ok, S::Error> {
        super::split(text).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
        Ok(super::joined(&Value::deserialize(from)?))
    }
}
