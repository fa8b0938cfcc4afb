use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

use foster_testkit::{give_to_ordinary_user, is_root, require};

use crate::common::{sandbox, text};

#[test]
fn a_configuration_that_others_may_write_is_refused_unless_it_is_named() {
    let sandbox = sandbox();
    let folder = sandbox.config_home().join("foster");
    fs::create_dir(sandbox.config_home()).unwrap();
    fs::create_dir(&folder).unwrap();
    let path = folder.join("config.toml");
    fs::write(&path, "[gc]\nolder_than = \"1s\"\n").unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    sandbox.ok(["list"]);
    let refused = |why: &str| {
        let (code, answer) = sandbox.err(["run", "--", "true"]);
        assert_eq!(code, "config_error");
        assert!(
            text(&answer["error"]["message"]).contains(why),
            "{answer:#}"
        );
        assert!(
            text(&answer["error"]["hint"]).contains("--config"),
            "{answer:#}"
        );
    };
    for mode in [0o666, 0o646] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        refused("written to by others");
    }
    // A group of the user's own may write it: so files are made where the umask is 002.
    fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
    sandbox.ok(["list"]);
    let named = path.to_str().unwrap();
    sandbox.ok(["list", "--config", named]);
    assert!(sandbox.job_ids().is_empty());
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    sandbox.ok(["list"]);
    if require("root, to give a file away", is_root()) {
        fs::set_permissions(&path, Permissions::from_mode(0o664)).unwrap();
        chown(&path, None, Some(65_534)).unwrap();
        refused("written to by others");
        give_to_ordinary_user(&path);
        refused("belongs to user");
    }
}
