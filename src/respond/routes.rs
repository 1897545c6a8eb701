//! The routing table of the API: every path that the service answers.
//!
//! A table is data. What answers an endpoint is in `respond`, in a `match` that the compiler holds
//! against the list of endpoints; what the documentation says of it is in `openapi`.

use crate::http::Method;
use crate::serve::Route;
use serde::Serialize;

/// Something that a component answers, by whatever paths lead there. It is written as the name of
/// its operation in `openapi/operations.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Root,
    Predict,
    Metrics,
    #[serde(rename = "openapi")]
    OpenApi,
    ServerMetadata,
    ServerLive,
    ServerReady,
    ModelMetadata,
    ModelReady,
    Infer,
}

/// The API, the usual request first.
pub static ROUTES: &[Route<Endpoint>] = &[
    Route { path: "/predict", methods: &[(Method::Post, Endpoint::Predict)] },
    Route { path: "/", methods: &[(Method::Get, Endpoint::Root)] },
    Route { path: "/metrics", methods: &[(Method::Get, Endpoint::Metrics)] },
    Route { path: "/openapi.json", methods: &[(Method::Get, Endpoint::OpenApi)] },
    Route { path: "/v2", methods: &[(Method::Get, Endpoint::ServerMetadata)] },
    Route { path: "/v2/health/live", methods: &[(Method::Get, Endpoint::ServerLive)] },
    Route { path: "/v2/health/ready", methods: &[(Method::Get, Endpoint::ServerReady)] },
    Route { path: "/v2/models/{model}", methods: METADATA },
    Route { path: "/v2/models/{model}/ready", methods: READY },
    Route { path: "/v2/models/{model}/infer", methods: INFER },
    Route { path: "/v2/models/{model}/versions/{version}", methods: METADATA },
    Route { path: "/v2/models/{model}/versions/{version}/ready", methods: READY },
    Route { path: "/v2/models/{model}/versions/{version}/infer", methods: INFER },
];

const METADATA: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelMetadata)];
const READY: &[(Method, Endpoint)] = &[(Method::Get, Endpoint::ModelReady)];
const INFER: &[(Method, Endpoint)] = &[(Method::Post, Endpoint::Infer)];
