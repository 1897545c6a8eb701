//! One file for each endpoint, or for a few that are alike.

pub mod metrics;
pub mod openapi;
pub mod predict;
pub mod root;
pub mod v2;

use crate::http::{Reply, Request};
use crate::routes::Endpoint;

/// Answers a request to an endpoint of the API.
pub fn handle(endpoint: Endpoint, request: &Request) -> Reply {
    match endpoint {
        Endpoint::Predict => predict::post(request),
        Endpoint::Root => root::get().into(),
        Endpoint::Metrics => metrics::get(request).into(),
        Endpoint::OpenApi => openapi::get(request).into(),
        Endpoint::ServerMetadata => v2::metadata::server().into(),
        Endpoint::ServerLive => v2::health::live().into(),
        Endpoint::ServerReady => v2::health::ready().into(),
        Endpoint::ModelMetadata => v2::metadata::model(request).into(),
        Endpoint::ModelReady => v2::health::model_ready(request).into(),
        Endpoint::Infer => v2::infer::post(request),
    }
}
