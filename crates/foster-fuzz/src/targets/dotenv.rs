//! An environment file: refused, or variables that an environment can hold.

use std::os::unix::ffi::OsStrExt as _;

use foster_service::for_fuzzing::parse_env_file;

pub(super) fn check(data: &[u8]) {
    let Ok(pairs) = parse_env_file(data.to_vec()) else {
        return;
    };
    for (name, value) in &pairs {
        let (name, value) = (name.as_bytes(), value.as_bytes());
        assert!(!name.is_empty(), "a variable without a name");
        assert!(!name.contains(&b'='), "a name that ends before its end");
        assert!(!name.contains(&0) && !value.contains(&0), "NUL");
    }
    // Whatever a value is, in single quotes it is meant as it stands.
    if let Some((_, value)) = pairs.first()
        && let Some(value) = value.to_str()
        && !value.contains(['\'', '\r', '\n', '\\'])
    {
        let again = parse_env_file(format!("A='{value}'\n").into_bytes());
        let again = again.expect("a value in single quotes can be read");
        assert_eq!(again, [("A".into(), value.into())]);
    }
}
