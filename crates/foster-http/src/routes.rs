//! What can be asked, and where: the one table of which router and document are made.

use axum::http::Method;

use crate::bounds::Lane;

/// How a parameter of a path is said to the verb.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// Its name in the path.
    pub parameter: &'static str,
    /// The field that it fills.
    pub field: &'static str,
    /// Whether that field is a list.
    pub many: bool,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// A verb is called.
    Verb {
        /// Its name.
        name: &'static str,
        /// Parameters of the path.
        path: &'static [Named],
        /// Fields that have one value here.
        fixed: &'static [(&'static str, &'static str)],
    },
    /// A job's output, as it comes.
    Output,
    /// What happens to a job, or to all.
    Events,
    /// A listing, and each that differs from it.
    Changes,
    /// The document that describes all this.
    Document,
}

/// A row of the table.
#[derive(Debug)]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// What is done.
    pub target: Target,
    /// Who it shares threads with.
    pub lane: Lane,
}

const JOB: &[Named] = &[Named {
    parameter: "job",
    field: "job",
    many: false,
}];
const JOBS: &[Named] = &[Named {
    parameter: "job",
    field: "jobs",
    many: true,
}];
const NAME: &[Named] = &[Named {
    parameter: "name",
    field: "name",
    many: false,
}];

const fn verb(
    method: Method,
    path: &'static str,
    name: &'static str,
    named: &'static [Named],
    lane: Lane,
) -> Route {
    let target = Target::Verb {
        name,
        path: named,
        fixed: &[],
    };
    Route {
        method,
        path,
        target,
        lane,
    }
}

const fn stream(path: &'static str, target: Target) -> Route {
    Route {
        method: Method::GET,
        path,
        target,
        lane: Lane::Streaming,
    }
}

/// The table.
pub static ROUTES: &[Route] = &[
    verb(Method::POST, "/v1/jobs", "run", &[], Lane::Acting),
    verb(Method::GET, "/v1/jobs", "list", &[], Lane::Quick),
    verb(Method::GET, "/v1/ps", "ps", &[], Lane::Quick),
    verb(Method::POST, "/v1/jobs/create", "create", &[], Lane::Acting),
    stream("/v1/jobs/changes", Target::Changes),
    verb(Method::GET, "/v1/jobs/{job}", "status", JOB, Lane::Quick),
    verb(
        Method::DELETE,
        "/v1/jobs/{job}",
        "delete",
        JOBS,
        Lane::Acting,
    ),
    verb(
        Method::POST,
        "/v1/jobs/{job}/start",
        "start",
        JOB,
        Lane::Acting,
    ),
    verb(
        Method::POST,
        "/v1/jobs/{job}/restart",
        "restart",
        JOB,
        Lane::Acting,
    ),
    verb(
        Method::POST,
        "/v1/jobs/{job}/kill",
        "kill",
        JOBS,
        Lane::Acting,
    ),
    verb(
        Method::POST,
        "/v1/jobs/{job}/send",
        "send",
        JOB,
        Lane::Acting,
    ),
    verb(Method::POST, "/v1/jobs/{job}/tag", "tag", JOB, Lane::Quick),
    verb(
        Method::POST,
        "/v1/jobs/{job}/deadline",
        "deadline",
        JOB,
        Lane::Quick,
    ),
    Route {
        method: Method::GET,
        path: "/v1/jobs/{job}/notify",
        target: Target::Verb {
            name: "notify",
            path: JOB,
            fixed: &[("action", "show")],
        },
        lane: Lane::Quick,
    },
    verb(
        Method::POST,
        "/v1/jobs/{job}/notify",
        "notify",
        JOB,
        Lane::Quick,
    ),
    verb(
        Method::GET,
        "/v1/jobs/{job}/tail",
        "tail",
        JOB,
        Lane::Reading,
    ),
    verb(
        Method::GET,
        "/v1/jobs/{job}/logs",
        "logs",
        JOB,
        Lane::Reading,
    ),
    verb(
        Method::GET,
        "/v1/jobs/{job}/processes",
        "processes",
        JOB,
        Lane::Quick,
    ),
    verb(
        Method::GET,
        "/v1/jobs/{job}/wait",
        "wait",
        JOBS,
        Lane::Waiting,
    ),
    stream("/v1/jobs/{job}/output/{stream}", Target::Output),
    stream("/v1/jobs/{job}/events", Target::Events),
    stream("/v1/events", Target::Events),
    verb(Method::POST, "/v1/wait", "wait", &[], Lane::Waiting),
    verb(Method::POST, "/v1/kill", "kill", &[], Lane::Acting),
    verb(Method::POST, "/v1/delete", "delete", &[], Lane::Acting),
    verb(Method::POST, "/v1/tag", "tag", &[], Lane::Quick),
    verb(Method::POST, "/v1/gc", "gc", &[], Lane::Acting),
    verb(Method::POST, "/v1/recover", "recover", &[], Lane::Acting),
    verb(Method::GET, "/v1/doctor", "doctor", &[], Lane::Quick),
    verb(Method::GET, "/v1/config", "config", &[], Lane::Quick),
    verb(Method::GET, "/v1/schemas", "schema", &[], Lane::Quick),
    verb(
        Method::GET,
        "/v1/schemas/{name}",
        "schema",
        NAME,
        Lane::Quick,
    ),
    Route {
        method: Method::GET,
        path: "/v1/openapi.json",
        target: Target::Document,
        lane: Lane::Quick,
    },
];

/// Returns the rows of one path.
pub fn of_path(path: &str) -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(move |route| route.path == path)
}

/// Returns each path of the table once.
pub fn paths() -> Vec<&'static str> {
    let mut paths: Vec<&'static str> = ROUTES.iter().map(|route| route.path).collect();
    let mut seen = std::collections::BTreeSet::new();
    paths.retain(|path| seen.insert(*path));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_has_a_route_and_every_route_a_verb() {
        let routed = |name: &str| {
            let is =
                |route: &Route| matches!(route.target, Target::Verb { name: of, .. } if of == name);
            ROUTES.iter().any(is)
        };
        for verb in foster_api::VERBS {
            assert!(routed(verb.name), "{} has no route", verb.name);
        }
        for route in ROUTES {
            if let Target::Verb { name, .. } = route.target {
                assert!(foster_api::verb(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn no_two_rows_are_the_same() {
        for path in paths() {
            let methods: Vec<_> = of_path(path).map(|route| &route.method).collect();
            let mut once = methods.clone();
            once.dedup();
            assert_eq!(methods, once, "{path}");
        }
    }
}
