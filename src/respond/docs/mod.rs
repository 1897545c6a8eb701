//! The documentation page, to read about the API and to try it.
//!
//! It is a component of its own, so a prediction does not load the page's files.

mod page;

pub use page::Asset;

use super::Reply;
use crate::http::{Method, Request};
use crate::serve::Route;
use serde::Serialize;

/// An endpoint of the component. It is serialized as its name in `openapi/operations.json`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Page {
    #[serde(rename = "docs")]
    SwaggerUi,
    #[serde(rename = "docs_file")]
    File,
}

/// The routing table of the component.
pub static ROUTES: &[Route<Page>] = &[
    Route { path: "/docs", methods: &[(Method::Get, Page::SwaggerUi)] },
    Route { path: "/docs/{file}", methods: &[(Method::Get, Page::File)] },
];

/// Answers a request to a page. `assets` are the files of the page.
pub fn respond(page: Page, request: &Request, assets: &[Asset]) -> Reply {
    match page {
        Page::SwaggerUi => page::html(request).into(),
        Page::File => page::file(request, assets).into(),
    }
}
