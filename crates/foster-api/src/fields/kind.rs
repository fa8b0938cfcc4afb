use std::any::TypeId;

use clap::{Arg, ArgAction};
use foster_model::NativeString;

use crate::args::Limit;

/// What the value of a field can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Switch,
    /// A number that is not negative.
    Count,
    /// One, or `none`.
    CountOrNone,
    /// A list of words.
    Words,
    /// Variables: `NAME=VALUE` each, or an object of them.
    Variables,
    /// Text: its form is for the definition to judge.
    Text,
}

impl Kind {
    /// Returns what can be given for an argument.
    pub fn of(arg: &Arg) -> Self {
        if matches!(arg.get_action(), ArgAction::SetTrue) {
            return Self::Switch;
        }
        if arg.get_id() == "env" {
            return Self::Variables;
        }
        let read = arg.get_value_parser().type_id();
        let is = |id: TypeId| read == id;
        if is(TypeId::of::<u32>()) || is(TypeId::of::<u64>()) || is(TypeId::of::<usize>()) {
            // Sizes are numbers too, once they are read; they are written with a unit.
            return if named(arg, "SIZE") {
                Self::Text
            } else {
                Self::Count
            };
        }
        if is(TypeId::of::<Limit<usize>>()) {
            return Self::CountOrNone;
        }
        if is(TypeId::of::<Vec<NativeString>>()) {
            return Self::Words;
        }
        Self::Text
    }
}

fn named(arg: &Arg, name: &str) -> bool {
    let names = arg.get_value_names().unwrap_or_default();
    names.iter().any(|found| found.as_str() == name)
}

/// Returns whether a field takes a list.
pub(super) fn takes_many(arg: &Arg) -> bool {
    let many = arg.get_num_args().is_some_and(|many| many.max_values() > 1);
    matches!(arg.get_action(), ArgAction::Append) || many
}

/// Returns the name of an argument's field.
pub(super) fn field_of(arg: &Arg) -> String {
    arg.get_long()
        .unwrap_or_else(|| arg.get_id().as_str())
        .replace('-', "_")
}
