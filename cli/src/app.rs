//! The application of a model: its manifest, and its files.

use crate::carried::{DOCS, K8S, RUNTIME_CONFIG, SERVICE, SPIN_TOML};
use anyhow::{Context, Result, ensure};
use model_api_import::emit::manifest;
use model_api_import::import::Imported;
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use toml_edit::DocumentMut;

/// The registry in the manifests, to be replaced by the user's own.
const REGISTRY: &str = "registry.example.com";

/// The place of the image's name in the manifests.
const IMAGE: &str = "components/image/kustomization.yaml";

/// An application, ready to be served or written.
pub struct App {
    /// The model's name.
    name: String,
    /// The model's version.
    version: String,
    /// The text of its `spin.toml`.
    pub manifest: String,
    /// The components, by their paths in the manifest.
    pub components: HashMap<PathBuf, Vec<u8>>,
}

impl App {
    /// Makes the application of a model.
    ///
    /// # Errors
    ///
    /// If a path is no part of the manifest: a mistake of this program.
    pub fn of(imported: Imported) -> Result<Self> {
        let signature = imported.described.signature;
        let model = format!("{}.wasm", signature.name);
        let files = [("service.wasm", SERVICE.to_vec()), ("docs.wasm", DOCS.to_vec())];
        let mut components: HashMap<_, _> =
            files.into_iter().map(|(path, bytes)| (PathBuf::from(path), bytes)).collect();
        components.insert(model.clone().into(), imported.component);
        let manifest = spin_toml(&signature.name, Path::new(&model))?;
        Ok(Self { name: signature.name, version: signature.version, manifest, components })
    }

    /// Writes the application to a new or empty folder.
    ///
    /// # Errors
    ///
    /// If the folder has files of something else, or cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let is_ours = folder.join("spin.toml").exists() && folder.join("service.wasm").exists();
        let is_empty = fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
        ensure!(is_empty || is_ours, "{} has other files; name a new folder", folder.display());
        let put = |path: &Path, bytes: &[u8]| {
            let path = folder.join(path);
            let parent = path.parent().unwrap_or(folder);
            let written = fs::create_dir_all(parent).and_then(|()| fs::write(&path, bytes));
            written.with_context(|| format!("cannot write {}", path.display()))
        };
        put(Path::new("spin.toml"), self.manifest.as_bytes())?;
        put(Path::new("runtime-config.toml"), RUNTIME_CONFIG.as_bytes())?;
        self.components.iter().try_for_each(|(path, bytes)| put(path, bytes))?;
        for (path, bytes) in K8S {
            let image = (*path == IMAGE).then(|| self.with_image(&String::from_utf8_lossy(bytes)));
            let bytes = image.as_ref().map_or(*bytes, String::as_bytes);
            put(&Path::new("k8s").join(path), bytes)?;
        }
        put(Path::new("README.md"), self.readme().as_bytes())
    }

    /// Names the model's image in a manifest.
    fn with_image(&self, manifest: &str) -> String {
        let (name, tag) = self.image();
        let text =
            manifest.replace(&format!("{REGISTRY}/model-api"), &format!("{REGISTRY}/{name}"));
        text.replace("newTag: v0.1.0", &format!("newTag: {tag}"))
    }

    /// Returns the name and the tag of the model's image. A tag has letters, digits, `_`, `.` and `-`.
    fn image(&self) -> (&str, String) {
        let plain = |letter: char| {
            if letter.is_ascii_alphanumeric() || "_.-".contains(letter) { letter } else { '-' }
        };
        (&self.name, self.version.chars().map(plain).collect())
    }

    fn readme(&self) -> String {
        let (name, tag) = self.image();
        let image = format!("{REGISTRY}/{name}:{tag}");
        format!(
            "# {name} {version}

A model server with this model, made by `model-api import --app`. Serve it here, by one of these:

```sh
model-api serve spin.toml
spin up --runtime-config-file runtime-config.toml
```

Serve it on a cluster with SpinKube and kube-prometheus-stack. Put your registry in the place of
`{REGISTRY}`, here and in `k8s/{IMAGE}`:

```sh
spin registry push {image}
kubectl apply -k k8s/
kubectl get spinapp model-api-service
```

Serve it on a cluster without SpinKube, on top of the image of model-api:

```sh
docker build -f k8s/deployment/Dockerfile -t {image} .
docker push {image}
kubectl apply -k k8s/overlays/deployment
```
",
            version = self.version
        )
    }
}

/// Writes the manifest of an application whose files are all in its own folder.
fn spin_toml(name: &str, model: &Path) -> Result<String> {
    let mut document: DocumentMut = SPIN_TOML.parse()?;
    document["application"]["name"] = name.into();
    document["application"]["description"] = format!("The model server with {name}").into();
    for (component, source) in [("service", "service.wasm"), ("docs", "docs.wasm")] {
        let component = document["component"][component].as_table_mut().context("no component")?;
        component["source"] = source.into();
        component.remove("build");
    }
    manifest::name(&mut document, model)?;
    Ok(document.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model_api_host::Manifest;

    #[test]
    fn the_manifest_names_files_beside_it_and_builds_nothing() {
        let text = spin_toml("heart", Path::new("heart.wasm")).unwrap();
        let manifest = Manifest::parse(&text, Path::new("")).unwrap();
        assert_eq!(manifest.schema.application.name, "heart");
        assert_eq!(manifest::model(&text).unwrap(), "heart.wasm");
        assert!(manifest.schema.component.values().all(|component| component.build.is_none()));
        assert!(!text.contains("target/"), "{text}");
    }

    #[test]
    fn the_image_of_a_deployment_is_on_top_of_this_versions() {
        let (_, recipe) = K8S.iter().find(|(path, _)| *path == "deployment/Dockerfile").unwrap();
        let from = format!("FROM model-api:{}\n", env!("CARGO_PKG_VERSION"));
        assert!(std::str::from_utf8(recipe).unwrap().contains(&from), "{from}");
    }

    #[test]
    fn the_manifests_name_the_image_of_the_model_and_its_version() {
        let app = App {
            name: "heart".into(),
            version: "v1.2+3".into(),
            manifest: String::new(),
            components: HashMap::new(),
        };
        let (_, image) = K8S.iter().find(|(path, _)| *path == IMAGE).expect("it is carried");
        let text = app.with_image(std::str::from_utf8(image).unwrap());
        assert!(text.contains("newName: registry.example.com/heart\n"), "{text}");
        assert!(text.contains("newTag: v1.2-3\n"), "{text}");
    }
}
