use std::fmt::{self, Debug};

/// Returns variables as `Debug` may show them: their names, and none of their values. Any of these may be
/// a secret, and what is printed for whoever looks for a fault is kept in logs and pasted into reports.
pub fn names_alone<N: Debug, V>(variables: &[(N, V)]) -> impl Debug {
    let names = variables.iter().map(|(name, _)| name);
    fmt::from_fn(move |f| f.debug_list().entries(names.clone()).finish())
}
