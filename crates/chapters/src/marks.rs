//! The marks in a listing's info string: ```` ```rust,checks=softmax,covers=A15;A16 ````.

/// The marks of a listing. Tools read them; they are not shown on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `checks=a;b`: the names of the displayed formulas of this chapter that the listing checks.
    pub checks: Vec<String>,
    /// `covers=A15;A16`: the rows of the coverage list that the listing satisfies.
    pub covers: Vec<String>,
    /// `compile_fail`: the listing must not compile. The compiler's message is kept as a snapshot.
    pub compile_fail: bool,
    /// `solution`: the listing solves an exercise. It is folded on the page and in the notebook.
    pub solution: bool,
    /// `varies`: the output depends on training or on a clock, so a second run is compared by its
    /// words and not by its numbers.
    pub varies: bool,
}

/// The known marks, for error messages.
const KNOWN: &str = "checks=…, covers=…, compile_fail, solution, varies";

impl Marks {
    /// Parses the part of an info string after the language, such as `checks=softmax,covers=A15`.
    ///
    /// # Errors
    /// A sentence that names the mark which is unknown, not allowed or empty.
    pub fn parse(info: &str) -> Result<Self, String> {
        let mut marks = Marks::default();
        for mark in info.split(',').map(str::trim).filter(|m| !m.is_empty()) {
            marks.add(mark)?;
        }
        if marks.compile_fail && !marks.checks.is_empty() {
            return Err("a listing that must not compile cannot check a formula".into());
        }
        Ok(marks)
    }

    fn add(&mut self, mark: &str) -> Result<(), String> {
        match mark.split_once('=') {
            Some(("checks", names)) => self.checks = names_of(mark, names)?,
            Some(("covers", rows)) => self.covers = names_of(mark, rows)?,
            None if mark == "compile_fail" => self.compile_fail = true,
            None if mark == "solution" => self.solution = true,
            None if mark == "varies" => self.varies = true,
            None if matches!(mark, "ignore" | "no_run" | "should_panic") => {
                return Err(format!("`{mark}` is not allowed: every listing runs"));
            }
            _ => return Err(format!("unknown mark `{mark}`; known are {KNOWN}")),
        }
        Ok(())
    }

    /// The marks as tags of a cell in a notebook.
    pub fn tags(&self) -> Vec<String> {
        let mut tags = Vec::new();
        if self.compile_fail {
            tags.push("raises-exception".to_owned());
        }
        if self.solution {
            tags.push("solution".to_owned());
        }
        if self.varies {
            tags.push("varies".to_owned());
        }
        tags
    }
}

fn names_of(mark: &str, names: &str) -> Result<Vec<String>, String> {
    let names: Vec<String> = names.split(';').map(|n| n.trim().to_owned()).collect();
    if names.iter().any(String::is_empty) {
        return Err(format!(
            "`{mark}` names nothing; write names with `;` between"
        ));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_names_and_flags() {
        let marks = Marks::parse("checks=softmax;loss, covers=A15,solution").unwrap();
        assert_eq!(marks.checks, ["softmax", "loss"]);
        assert_eq!(marks.covers, ["A15"]);
        assert!(marks.solution && !marks.compile_fail);
    }

    #[test]
    fn refuses_what_would_not_run() {
        assert!(
            Marks::parse("ignore")
                .unwrap_err()
                .contains("every listing runs")
        );
        assert!(
            Marks::parse("no_run")
                .unwrap_err()
                .contains("every listing runs")
        );
    }

    #[test]
    fn names_an_unknown_mark() {
        assert!(
            Marks::parse("cheks=loss")
                .unwrap_err()
                .contains("`cheks=loss`")
        );
        assert!(
            Marks::parse("checks=")
                .unwrap_err()
                .contains("names nothing")
        );
    }
}
