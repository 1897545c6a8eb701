//! The documentation as a page, which shows it and tries it out.
//!
//! It is a component of its own, so that the page's files are not in the way of a prediction.

mod page;

pub use page::Asset;

use crate::exchange;
use crate::http::{Method, Reply, Request};
use crate::routes::Route;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};

/// What the component answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    SwaggerUi,
    File,
}

pub(crate) static ROUTES: &[Route<Page>] = &[
    Route { path: "/docs", methods: &[(Method::Get, Page::SwaggerUi)] },
    Route { path: "/docs/{file}", methods: &[(Method::Get, Page::File)] },
];

/// Answers one request to the documentation; `assets` are the files of the page.
pub fn serve(request: IncomingRequest, out: ResponseOutparam, assets: &[Asset]) {
    let handle = |page: Page, request: &Request| -> Reply {
        match page {
            Page::SwaggerUi => page::html(request).into(),
            Page::File => page::file(request, assets).into(),
        }
    };
    exchange::serve(ROUTES, handle, request, out);
}
