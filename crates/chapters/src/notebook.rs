//! A notebook as a file (nbformat 4.5): read, written, and the outputs recorded in it.

use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

pub mod compare;
pub mod key;
mod prose;
pub mod write;

/// The name of the generated first cell.
pub const SET_UP: &str = "set-up";

/// A notebook: cells, and what is known about their last run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Notebook {
    /// In the chapter's order, behind the set-up cell.
    pub cells: Vec<Cell>,
    /// Kernel, language, and under `digits` the chapter, key and circumstances of the recorded run.
    pub metadata: Map<String, Value>,
    /// 4.
    pub nbformat: u32,
    /// 5: the first version whose cells have names.
    pub nbformat_minor: u32,
}

/// A cell of a notebook.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "cell_type", rename_all = "snake_case")]
pub enum Cell {
    /// Rust, and what it printed.
    Code {
        /// Its number in the recorded run, from 1; none before.
        execution_count: Option<u32>,
        /// The listing's name.
        id: String,
        /// Tags; under `digits` the seconds it took.
        metadata: Map<String, Value>,
        /// As Jupyter stores them.
        outputs: Vec<Value>,
        /// The code.
        #[serde(with = "lines")]
        source: String,
    },
    /// Prose.
    Markdown {
        /// The prose's name.
        id: String,
        /// Empty.
        metadata: Map<String, Value>,
        /// The Markdown.
        #[serde(with = "lines")]
        source: String,
    },
}

impl Cell {
    /// The cell's name, stable over edits of other cells.
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
    /// The file cannot be read or is no notebook.
    pub fn read(path: &Path) -> Result<Option<Self>> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        let read = serde_json::from_str(&text)
            .with_context(|| format!("{} is no notebook", path.display()))?;
        Ok(Some(read))
    }

    /// The notebook as Jupyter writes it: one blank of indentation, a newline at the end.
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

    /// The code of a cell.
    pub fn code(&self, listing: &str) -> Option<&str> {
        self.cells.iter().find_map(|cell| match cell {
            Cell::Code { id, source, .. } if id == listing => Some(source.as_str()),
            _ => None,
        })
    }

    /// When and where the recorded run was: `2026-11-21 (…, 2 cores)`.
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

    /// The same cells without what a run adds: outputs, numbers, seconds, and the values quoted from them.
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

/// The text of an output: what was printed, or the plain form of a value. Pictures and tables have none.
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

/// Jupyter's texts are strings or lists of lines.
pub fn joined(text: &Value) -> String {
    match text {
        Value::String(text) => text.clone(),
        Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
        _ => String::new(),
    }
}

/// A text as the list of its lines, as Jupyter writes it.
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
