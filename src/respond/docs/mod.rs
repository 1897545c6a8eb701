//! The two pages: one to read about the API and to try it, and one to ask the model in a form.
//!
//! They are a component of its own, so a prediction does not load their files.

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
    SwaggerUiFile,
    #[serde(rename = "ask")]
    Ask,
    #[serde(rename = "ask_file")]
    AskFile,
}

/// The routing table of the component.
pub static ROUTES: &[Route<Page>] = &[
    Route { path: "/docs", methods: &[(Method::Get, Page::SwaggerUi)] },
    Route { path: "/docs/{file}", methods: &[(Method::Get, Page::SwaggerUiFile)] },
    Route { path: "/ask", methods: &[(Method::Get, Page::Ask)] },
    Route { path: "/ask/{file}", methods: &[(Method::Get, Page::AskFile)] },
];

/// Answers a request to a page. `assets` are the files of all pages.
pub fn respond(page: Page, request: &Request, assets: &[Asset]) -> Reply {
    match page {
        Page::SwaggerUi => page::swagger_ui(request).into(),
        Page::SwaggerUiFile => page::swagger_ui_file(request, assets).into(),
        Page::Ask => page::ask(request).into(),
        Page::AskFile => page::file(request, "ask", assets).into(),
    }
}
