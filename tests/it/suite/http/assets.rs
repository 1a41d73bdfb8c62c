//! The files that the pages need.

use axum::body::Body;
use chancery::pages::{Brand, BrandSettings, assets};
use http::Request;

use super::BACKEND;
use crate::support::{Options, TestServer};

/// A picture, as far as its first bytes tell.
const PICTURE: &[u8] = b"GIF89a and more";

fn branded(base: &str) -> Brand {
    let logo = Some(PICTURE.to_vec());
    let base = base.to_owned();
    Brand::new(&BrandSettings { logo, base, ..BrandSettings::default() }).unwrap()
}

#[tokio::test]
async fn every_file_of_a_brand_is_served_and_kept_for_ever() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let brand = branded("");
    let server = server.with_brand(brand.clone());
    let files = assets(&brand);
    assert_eq!(files.len(), 5);
    for file in files {
        let reply = server.get(&file.path).await;
        assert_eq!(reply.status, 200, "{reply:?}");
        assert_eq!(reply.body.as_bytes(), &*file.bytes);
        assert_eq!(reply.header("content-type"), file.media_type);
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
        let head = server.send(Request::head(&file.path).body(Body::empty()).unwrap()).await;
        assert_eq!(head.header("content-length"), file.bytes.len().to_string());
        let known = Request::get(&file.path).header("if-none-match", reply.header("etag"));
        assert_eq!(server.send(known.body(Body::empty()).unwrap()).await.status, 304);
    }
}

#[tokio::test]
async fn a_file_of_another_name_is_not_there() {
    let Some(server) = TestServer::start(BACKEND).await else { return };
    let logo = assets(&branded("")).pop().unwrap().path;
    let others = ["/assets/", "/assets/x", "/assets/..%2fassets", "/assets/pages.css", &logo];
    for path in others {
        server.get(path).await.assert_error(404, "not_found");
    }
}

#[tokio::test]
async fn files_lie_below_the_path_of_the_issuer() {
    let options = Options { issuer: "https://as.example/tenants/one", ..Options::default() };
    let Some(server) = TestServer::start_with(BACKEND, options).await else { return };
    for file in assets(&Brand::default()) {
        assert_eq!(server.get(&format!("/tenants/one{}", file.path)).await.status, 200);
        server.get(&file.path).await.assert_error(404, "not_found");
    }
}
