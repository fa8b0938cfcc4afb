use foster_model::answer::SchemaAnswer;

use super::{Style, Text, line};

impl Text for SchemaAnswer {
    fn text(&self, _: Style, out: &mut String) {
        // One schema stands for itself, so that it can be given to a program that reads schemas.
        let mut all = self.schemas.values();
        let shown = match (all.next(), all.next()) {
            (Some(one), None) => one,
            _ => &serde_json::json!(self.schemas),
        };
        line!(out, "{shown:#}");
    }
}
