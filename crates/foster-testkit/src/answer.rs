use std::process::ExitStatus;
use std::time::Duration;

use serde_json::Value;

/// What `foster` answered: exactly one JSON document.
#[derive(Debug)]
pub struct Answer {
    /// How the program ended.
    pub status: ExitStatus,
    /// The document.
    pub value: Value,
    /// Standard output, as it came.
    pub stdout: Vec<u8>,
    /// Standard error, as it came.
    pub stderr: Vec<u8>,
    /// From the start of the program to its end.
    pub elapsed: Duration,
}

impl Answer {
    /// Returns the exit code; `None` if a signal ended the program.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Returns the document of an answer that went well.
    ///
    /// # Panics
    ///
    /// If it did not: `ok` is not true, or the program did not exit with 0.
    pub fn into_ok(self) -> Value {
        let well = self.value["ok"] == true && self.code() == Some(0);
        assert!(well, "not ok: {}", self.shown());
        self.value
    }

    /// Returns the code of the error, and the whole document.
    ///
    /// # Panics
    ///
    /// If the answer is not an error with a code, or the program exited with 0.
    pub fn into_err(self) -> (String, Value) {
        let bad = self.value["ok"] == false && self.code().is_some_and(|code| code != 0);
        assert!(bad, "not an error: {}", self.shown());
        let code = self.value["error"]["code"].as_str().map(str::to_owned);
        (
            code.unwrap_or_else(|| panic!("an error without code: {}", self.shown())),
            self.value,
        )
    }

    fn shown(&self) -> String {
        let stderr = String::from_utf8_lossy(&self.stderr);
        format!("{}\n{:#}\nstderr: {stderr}", self.status, self.value)
    }
}
