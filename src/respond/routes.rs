//! The routing table of the API, with every path of the service.
//!
//! The table is data. A `match` in `respond` calls the function of each endpoint, and the compiler
//! checks it for completeness; `openapi` has the documentation of each.

use crate::http::Method;
use crate::serve::Route;
use serde::Serialize;

/// An operation of the component, on one or several paths. It is serialized as its name in
/// `openapi/operations.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Root,
    Predict,
    Explain,
    WhatIf,
    Outcomes,
    Metrics,
    #[serde(rename = "openapi")]
    OpenApi,
    ModelCard,
    ServerMetadata,
    ServerLive,
    ServerReady,
    ModelMetadata,
    ModelReady,
    Infer,
    V1Predict,
    V1Explain,
}

impl Endpoint {
    /// Returns true for the operations with predictions.
    pub fn predicts(self) -> bool {
        matches!(
            self,
            Self::Predict
                | Self::Explain
                | Self::WhatIf
                | Self::Infer
                | Self::V1Predict
                | Self::V1Explain
        )
    }

    /// Returns true for the operations of models with explanations only.
    pub fn explains(self) -> bool {
        matches!(self, Self::Explain | Self::V1Explain)
    }
}

/// The routes of the API, the most frequent first.
pub static ROUTES: &[Route<Endpoint>] = &[
    Route { path: "/predict", methods: &[(Method::Post, Endpoint::Predict)] },
    Route { path: "/explain", methods: &[(Method::Post, Endpoint::Explain)] },
    Route { path: "/what-if", methods: &[(Method::Post, Endpoint::WhatIf)] },
    Route { path: "/outcomes", methods: &[(Method::Post, Endpoint::Outcomes)] },
    Route { path: "/", methods: &[(Method::Get, Endpoint::Root)] },
    Route { path: "/metrics", methods: &[(Method::Get, Endpoint::Metrics)] },
    Route { path: "/openapi.json", methods: &[(Method::Get, Endpoint::OpenApi)] },
    Route { path: "/model-card", methods: &[(Method::Get, Endpoint::ModelCard)] },
    Route { path: "/v2", methods: &[(Method::Get, Endpoint::ServerMetadata)] },
    Route { path: "/v2/health/live", methods: &[(Method::Get, Endpoint::ServerLive)] },
    Route { path: "/v2/health/ready", methods: &[(Method::Get, Endpoint::ServerReady)] },
    Route { path: "/v2/models/{model}", methods: METADATA },
    Route { path: "/v2/models/{model}/ready", methods: READY },
    Route { path: "/v2/models/{model}/infer", methods: INFER },
    Route { path: "/v2/models/{model}/versions/{version}", methods: METADATA },
    Route { path: "/v2/models/{model}/versions/{version}/ready", methods: READY },
    Route { path: "/v2/models/{model}/versions/{version}/infer", methods: INFER },
    Route { path: "/v1/models/{model}:predict", methods: &[(Method::Post, Endpoint::V1Predict)] },
    Route { path: "/v1/models/{model}:explain", methods: &[(Method::Post, Endpoint::V1Explain)] },
    // The last one: a name with any end is a name.
    Route { path: "/v1/models/{model}", methods: READY },
];

const METADATA: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelMetadata)];
const READY: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelReady)];
const INFER: &[(Method, Endpoint)] = &[(Method::Post, Endpoint::Infer)];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::routing::{self, Found, NO_ROUTE};

    fn find(path: &str, method: Method) -> Found<'_, Endpoint> {
        routing::find(ROUTES, path, method)
    }

    #[test]
    fn an_unknown_path_has_a_label_of_ours() {
        for path in ["/predict//", "/v2/models", "/v2/models//infer", "/v2/models/a/infer/b", ""] {
            assert_eq!(find(path, Method::Post).label(), NO_ROUTE, "{path}");
        }
        assert!(matches!(find("/v2/models//", Method::Get), Found::Nothing));
    }

    #[test]
    fn a_verb_behind_a_colon_is_no_part_of_the_name() {
        for path in ["/v1/models/a:b:explain", "/v1/models/a%3Ab%3aexplain"] {
            let Found::Endpoint(_, endpoint, segments) = find(path, Method::Post) else {
                panic!("{path} is no route");
            };
            assert_eq!((endpoint, &segments[..]), (Endpoint::V1Explain, &["a:b".into()][..]));
        }
        for path in ["/v1/models/:explain", "/v1/models/a:other", "/v1/models/a"] {
            assert!(matches!(find(path, Method::Post), Found::WrongMethod(_)), "{path}");
        }
        assert!(matches!(find("/v1/models/", Method::Get), Found::Nothing));
    }

    #[test]
    fn a_segment_in_braces_stands_for_any_segment_and_is_decoded() {
        let path = "/v2/models/heart%20risk/versions/v1%2F2/infer";
        let Found::Endpoint(route, endpoint, segments) = find(path, Method::Post) else {
            panic!("{path} is no route");
        };
        assert_eq!(route.path, "/v2/models/{model}/versions/{version}/infer");
        assert_eq!(endpoint, Endpoint::Infer);
        assert_eq!(segments, ["heart risk", "v1/2"]);
    }
}
