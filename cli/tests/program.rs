//! The program as a person has it: run in a folder with a model's file and rows, and nothing else.

use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::basic::Compression as Codec;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;

/// A folder of a test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    /// A folder with the example's model, its card and its rows.
    fn with_heart_disease(name: &str) -> Self {
        let folder = Self::new(name);
        for file in ["heart-disease.onnx", "heart-disease.toml", "predictions.csv"] {
            let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/heart-disease");
            fs::copy(example.join(file), folder.0.join(file)).unwrap();
        }
        folder
    }

    fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(file), text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// The program, without anything of the environment: no toolchain, no home.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_model-api"));
        command.args(arguments).current_dir(&self.0).env_clear();
        // Compiled code is kept for the next start, in this folder.
        command.env("XDG_CACHE_HOME", self.0.join("cache"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).stdin(Stdio::null()).output().unwrap()
    }

    /// Runs the program with these bytes as its standard input, and returns its standard output.
    fn given(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut command = self.command(arguments);
        let program = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = program.spawn().unwrap();
        let mut stdin = program.stdin.take().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(move || stdin.write_all(input));
            let output = program.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        })
    }

    /// Serves a file on a free port.
    fn serve(&self, file: &str) -> Server {
        self.serve_with(file, &[])
    }

    fn serve_with(&self, file: &str, options: &[&str]) -> Server {
        let mut command = self.command(&["serve", file, "--listen", "127.0.0.1:0"]);
        command.args(options);
        let mut program = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(program.stdout.take().unwrap());
        let address = loop {
            let line = line(&mut said);
            assert!(!line.is_empty(), "it has ended");
            if let Some(address) = line.strip_prefix("Serving http://") {
                break address.to_owned();
            }
        };
        Server { program, address, _said: said }
    }
}

struct Server {
    program: Child,
    address: String,
    _said: BufReader<ChildStdout>,
}

impl Server {
    fn predict(&self, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = "POST /predict HTTP/1.0\r\ncontent-type: application/json\r\n";
        write!(stream, "{head}content-length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), serde_json::from_str(body).unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

fn error_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The rows of a CSV as objects, with numbers and flags as such.
fn objects(csv: &str) -> Vec<Value> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let names = reader.headers().unwrap().clone();
    let value = |cell: &str| match cell {
        "" => Value::Null,
        "True" => json!(true),
        "False" => json!(false),
        // As other JSON is read here: its last digit is not always exact.
        cell => {
            serde_json::from_str::<f64>(cell).map_or_else(|_| json!(cell), |number| json!(number))
        }
    };
    let object = |record: csv::StringRecord| {
        names.iter().map(str::to_owned).zip(record.iter().map(value)).collect()
    };
    reader.records().map(|record| object(record.unwrap())).collect()
}

const PREDICT: [&str; 2] = ["predict", "heart-disease.onnx"];

#[test]
fn a_folder_with_a_model_and_its_rows_is_served_by_one_command() {
    let folder = Folder::with_heart_disease("serve");
    fs::remove_file(folder.0.join("heart-disease.toml")).unwrap();
    let data = ["--data", "predictions.csv", "--target", "disease"];
    let server = folder.serve_with("heart-disease.onnx", &data);
    assert!(folder.read("heart-disease.toml").contains("name = \"cholesterol\""));
    let mut row = objects(&folder.read("predictions.csv")).swap_remove(0);
    ["disease", "prediction"]
        .iter()
        .for_each(|other| _ = row.as_object_mut().unwrap().remove(*other));
    let (status, answer) = server.predict(&json!({ "patient_data": row }));
    assert_eq!((status, &answer["prediction"]), (200, &json!("no disease")), "{answer}");
}

#[test]
fn a_file_gets_the_answers_of_the_service() {
    let folder = Folder::with_heart_disease("same");
    // Rows as they are, one that the service refuses, and one that it takes with a warning.
    let text = folder.read("predictions.csv").lines().take(60).collect::<Vec<_>>().join("\n");
    let text = text
        .replacen("\n63,male,typical angina,145", "\n,male,typical angina,300", 1)
        .replacen("\n67,", "\n119,", 1);
    folder.write("rows.csv", &text);
    let output = folder.run(&[&PREDICT[..], &["-i", "rows.csv", "-o", "answers.csv"]].concat());
    assert!(output.status.success(), "{output:?}");
    let server = folder.serve("heart-disease.onnx");
    let (mut refused, mut warned) = (0, 0);
    for (row, own) in objects(&text).iter_mut().zip(objects(&folder.read("answers.csv"))) {
        let row = row.as_object_mut().unwrap();
        row.retain(|name, _| !["disease", "prediction"].contains(&name.as_str()));
        let (status, answer) = server.predict(&json!({ "patient_data": row }));
        if status == 422 {
            refused += 1;
            let (place, why) = (&answer["detail"][0]["loc"][2], &answer["detail"][0]["msg"]);
            let reason = format!("{}: {}", place.as_str().unwrap(), why.as_str().unwrap());
            assert_eq!(own["refused"], json!(reason));
            assert_eq!((&own["prediction"], &own["warnings"]), (&Value::Null, &Value::Null));
            continue;
        }
        assert_eq!(own["refused"], Value::Null);
        for key in ["prediction", "confidence", "model_version"] {
            assert_eq!(own[key], answer[key], "{key} of {row:?}");
        }
        for (feature, group) in answer["groups"].as_object().unwrap() {
            assert_eq!(&own[format!("groups.{feature}")], group);
        }
        let warnings = answer.get("warnings").and_then(Value::as_array);
        warned += usize::from(warnings.is_some());
        let sentence = |warning: &Value| {
            format!("{}: {}", warning["loc"][2].as_str().unwrap(), warning["msg"].as_str().unwrap())
        };
        let sentences = warnings.map(|all| all.iter().map(sentence).collect::<Vec<_>>().join("; "));
        assert_eq!(own["warnings"], sentences.map_or(Value::Null, Value::from));
    }
    assert!((refused, warned > 0) == (1, true), "{refused} refused, {warned} warned");
}

#[test]
fn csv_and_ndjson_get_the_same_answers_with_the_columns_beside_the_features() {
    let folder = Folder::with_heart_disease("forms");
    let rows = folder.read("predictions.csv");
    let lines: String = objects(&rows).iter().map(|row| format!("{row}\n")).collect();
    let csv = folder.given(&PREDICT, rows.as_bytes());
    let ndjson = folder.given(&PREDICT, lines.as_bytes());
    let answers: Vec<Value> =
        ndjson.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let as_csv = objects(&csv);
    assert_eq!((answers.len(), as_csv.len()), (303, 303));
    for (answer, csv) in answers.iter().zip(&as_csv) {
        assert_eq!(answer["disease"], csv["disease"]);
        assert_eq!(answer["confidence"], csv["confidence"]);
        assert_eq!(answer["groups"]["age"], csv["groups.age"]);
    }
    folder.write("rows.jsonl", lines);
    let output =
        folder.run(&[&PREDICT[..], &["--input=rows.jsonl", "--output=answers.csv"]].concat());
    assert!(output.status.success(), "{output:?}");
    assert_eq!(folder.read("answers.csv"), csv);
}

#[test]
fn parquet_gets_the_answers_of_csv() {
    let folder = Folder::with_heart_disease("parquet");
    let rows = folder.read("predictions.csv");
    for (file, codec) in [
        ("snappy.parquet", Codec::SNAPPY),
        ("zstd.parquet", Codec::ZSTD(Default::default())),
        ("gzip.parquet", Codec::GZIP(Default::default())),
    ] {
        folder.write(file, parquet(&objects(&rows), codec));
        let output = folder.run(&[&PREDICT[..], &["-i", file, "-o", "answers.csv"]].concat());
        assert!(output.status.success(), "{output:?}");
        assert_eq!(folder.read("answers.csv"), folder.given(&PREDICT, rows.as_bytes()));
    }
    // Its index is at its end.
    let mut stream = GzEncoder::new(Vec::new(), Compression::fast());
    stream.write_all(&fs::read(folder.0.join("zstd.parquet")).unwrap()).unwrap();
    folder.write("packed", stream.finish().unwrap());
    let error = error_of(&folder.run(&[&PREDICT[..], &["-i", "packed"]].concat()));
    assert!(error.contains("name the file itself with --input"), "{error}");
}

/// Writes rows as Parquet, in groups of a hundred. Each column has numbers, texts or flags, or none of them.
fn parquet(rows: &[Value], codec: Codec) -> Vec<u8> {
    let names: Vec<&String> = rows[0].as_object().unwrap().keys().collect();
    let is_any = |name: &str, is: fn(&Value) -> bool| rows.iter().any(|row| is(&row[name]));
    let column =
        |name: &&String| match (is_any(name, Value::is_string), is_any(name, Value::is_boolean)) {
            (true, _) => format!("optional binary {name} (STRING);"),
            (_, true) => format!("optional boolean {name};"),
            _ => format!("optional double {name};"),
        };
    let schema = format!("message rows {{ {} }}", names.iter().map(column).collect::<String>());
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().set_compression(codec).build());
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, properties).unwrap();
    for rows in rows.chunks(100) {
        let mut group = writer.next_row_group().unwrap();
        for name in &names {
            let values: Vec<&Value> = rows.iter().map(|row| &row[*name]).collect();
            let given: Vec<i16> = values.iter().map(|value| i16::from(!value.is_null())).collect();
            let mut column = group.next_column().unwrap().unwrap();
            let written = match column.untyped() {
                ColumnWriter::BoolColumnWriter(column) => {
                    let flags: Vec<_> = values.iter().filter_map(|value| value.as_bool()).collect();
                    column.write_batch(&flags, Some(&given), None)
                }
                ColumnWriter::DoubleColumnWriter(column) => {
                    let numbers: Vec<_> =
                        values.iter().filter_map(|value| value.as_f64()).collect();
                    column.write_batch(&numbers, Some(&given), None)
                }
                ColumnWriter::ByteArrayColumnWriter(column) => {
                    let texts = values.iter().filter_map(|value| value.as_str());
                    let texts: Vec<ByteArray> = texts.map(ByteArray::from).collect();
                    column.write_batch(&texts, Some(&given), None)
                }
                _ => unreachable!("the schema has three kinds"),
            };
            written.unwrap();
            column.close().unwrap();
        }
        group.close().unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn contributions_and_their_base_add_up_as_the_service_says() {
    let folder = Folder::with_heart_disease("explain");
    let rows = folder.read("predictions.csv").lines().take(4).collect::<Vec<_>>().join("\n");
    let csv = folder.given(&[&PREDICT[..], &["--explain"]].concat(), rows.as_bytes());
    let server = folder.serve("heart-disease.onnx");
    for (row, own) in objects(&rows).iter_mut().zip(objects(&csv)) {
        let row = row.as_object_mut().unwrap();
        row.retain(|name, _| !["disease", "prediction"].contains(&name.as_str()));
        let (status, answer) = server.predict(&json!({ "patient_data": row, "explain": true }));
        assert_eq!(status, 200, "{answer}");
        let explanation = &answer["explanation"];
        assert_eq!(own["base"], explanation["base"]);
        let contributions = explanation["contributions"].as_array().unwrap();
        assert_eq!(contributions.len(), 13);
        for one in contributions {
            let name = format!("contribution.{}", one["feature"].as_str().unwrap());
            assert_eq!(own[&name].as_f64(), one["contribution"].as_f64(), "{name}");
        }
    }
}

#[test]
fn peoples_own_files_are_read_or_the_remedy_is_said() {
    let folder = Folder::with_heart_disease("own-files");
    let rows = folder.read("predictions.csv");
    let plain = folder.given(&PREDICT, rows.as_bytes());
    // A byte order mark, other line ends, another separator, quotes, packed.
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(rows.as_bytes()).unwrap();
    let quoted: String =
        rows.lines().map(|line| format!("\"{}\"\n", line.replace(',', "\",\""))).collect();
    for other in [
        [b"\xef\xbb\xbf", rows.as_bytes()].concat(),
        rows.replace('\n', "\r\n").into_bytes(),
        rows.replace(',', ";").into_bytes(),
        quoted.into_bytes(),
        rows.trim_end().as_bytes().to_vec(),
        packed.finish().unwrap(),
    ] {
        assert_eq!(folder.given(&PREDICT, &other), plain);
    }
    // Rows that are none, or have wrong cells, are refused alone.
    let lines: Vec<&str> = rows.lines().take(5).collect();
    let broken =
        [lines[0], lines[1], "1,2", &lines[2].replacen("67", "6 7", 1), lines[3], ""].join("\n");
    let answers = objects(&folder.given(&PREDICT, broken.as_bytes()));
    let refused: Vec<&Value> = answers.iter().map(|answer| &answer["refused"]).collect();
    let cells = json!("the row has 2 cells, and the header 15");
    let number = json!("age: Input should be a valid number");
    assert_eq!(refused, [&Value::Null, &cells, &number, &Value::Null]);
    // So are lines that are no objects; the cells beside stay in their columns.
    let row = |id: u8| json!({ "id": id, "age": 50, "groups": "mine" });
    let broken = [row(1).to_string(), "{\"id\": 2".into(), row(3).to_string()].join("\n");
    folder.write("rows.ndjson", broken);
    let output = folder.run(&[&PREDICT[..], &["-i", "rows.ndjson", "-o", "a.csv"]].concat());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("note: line 1 has no key \"resting_pressure\""), "{said}");
    let answers = folder.read("a.csv");
    assert!(answers.starts_with("id,prediction,"), "{answers}");
    assert_eq!(objects(&answers)[1]["refused"], json!("the line is no JSON object"));
    // What cannot be read at all has one line.
    let indexed: String = rows
        .lines()
        .enumerate()
        .map(|(place, line)| match place {
            0 => format!(",{line}\n"),
            place => format!("{place},{line}\n"),
        })
        .collect();
    for (text, remedy) in [
        (indexed.as_str(), "write the file with to_csv(…, index=False)"),
        (&rows.replacen("age,", "years,", 1), "it has no column \"age\"; it has years, sex"),
        ("", "it is empty"),
        ("[{\"age\": 1}]", "it is JSON"),
        ("{\"years\": 1}\n", "line 1 has no feature of the model: age, resting_pressure"),
        ("{\"years\": 1\n", "line 1 is no JSON object"),
        ("PAR1", "it is broken Parquet"),
        (&rows.replacen("typical", "\"typical", 1), "it ends between quotes"),
    ] {
        folder.write("other.csv", text);
        let error = error_of(&folder.run(&[&PREDICT[..], &["-i", "other.csv"]].concat()));
        assert!(error.contains(remedy) && error.lines().count() == 1, "{error}");
    }
}

#[test]
fn columns_of_a_model_without_names_are_taken_in_order_and_that_is_said() {
    let folder = Folder::new("nameless");
    // A stump of XGBoost: f0 < 0.5 goes left.
    let tree = json!({
        "base_weights": [0.0, -1.0, 1.0], "categories": [], "categories_nodes": [],
        "categories_segments": [], "categories_sizes": [], "default_left": [0, 0, 0], "id": 0,
        "left_children": [1, -1, -1], "loss_changes": [1.0, 0.0, 0.0], "parents": [2147483647, 0, 0],
        "right_children": [2, -1, -1], "split_conditions": [0.5, -1.0, 1.0], "split_indices": [0, 0, 0],
        "split_type": [0, 0, 0], "sum_hessian": [2.0, 1.0, 1.0],
        "tree_param": { "num_deleted": "0", "num_feature": "2", "num_nodes": "3", "size_leaf_vector": "1" },
    });
    let model = json!({
        "learner": {
            "attributes": {}, "feature_names": [], "feature_types": [],
            "gradient_booster": { "name": "gbtree", "model": {
                "gbtree_model_param": { "num_parallel_tree": "1", "num_trees": "1" },
                "iteration_indptr": [0, 1], "tree_info": [0], "trees": [tree],
            } },
            "learner_model_param": { "base_score": "0E0", "boost_from_average": "1", "num_class": "0",
                "num_feature": "2", "num_target": "1" },
            "objective": { "name": "reg:squarederror", "reg_loss_param": { "scale_pos_weight": "1" } },
        },
        "version": [3, 2, 0],
    });
    folder.write("stump.json", model.to_string());
    folder.write("rows.csv", "b,a\n0,1\n1,0\n");
    let output = folder.run(&["predict", "stump.json", "-i", "rows.csv"]);
    assert!(output.status.success(), "{output:?}");
    let answers = objects(&String::from_utf8(output.stdout).unwrap());
    assert_eq!([&answers[0]["prediction"], &answers[1]["prediction"]], [&json!(-1.0), &json!(1.0)]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("note: there is no card stump.toml"), "{said}");
    assert!(
        said.contains("note: the model has no names of features: columns are taken in their order"),
        "{said}"
    );
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    // If one column has the name of a feature, the others have theirs too, or are misspelt.
    folder.write("rows.csv", "x1,years\n0,1\n");
    let error = error_of(&folder.run(&["predict", "stump.json", "-i", "rows.csv"]));
    assert!(error.contains("it has no column \"x0\", and others of the card"), "{error}");
}

#[test]
fn answers_are_in_the_order_of_the_rows_however_many_threads_there_are() {
    let folder = Folder::with_heart_disease("order");
    let rows = folder.read("predictions.csv");
    let (header, lines) = rows.split_once('\n').unwrap();
    let mut many = format!("id,{header}\n");
    // Some blocks of rows.
    for (id, line) in (0..20_000).zip(lines.lines().cycle()) {
        many += &format!("{id},{line}\n");
    }
    let one = folder.given(&[&PREDICT[..], &["--threads=1"]].concat(), many.as_bytes());
    let four = folder.given(&[&PREDICT[..], &["--threads=4"]].concat(), many.as_bytes());
    assert!(one == four && one.lines().count() == 20_001);
    for (id, line) in one.lines().skip(1).enumerate() {
        assert!(line.starts_with(&format!("{id},")), "{line}");
    }
}

/// Starts to answer rows without an end, and waits for the first answers.
fn endless(folder: &Folder, output: &str) -> (Child, BufReader<ChildStdout>) {
    let mut command = folder.command(&[&PREDICT[..], &["-o", output]].concat());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    let mut stdin = program.stdin.take().unwrap();
    let rows = folder.read("predictions.csv");
    std::thread::spawn(move || {
        let (_, lines) = rows.split_once('\n').unwrap();
        let mut sent = stdin.write_all(rows.as_bytes());
        while sent.is_ok() {
            sent = stdin.write_all(lines.as_bytes());
        }
    });
    let stdout = BufReader::new(program.stdout.take().unwrap());
    (program, stdout)
}

#[test]
fn ctrl_c_leaves_whole_lines_and_says_how_many() {
    let folder = Folder::with_heart_disease("stop");
    let (mut program, _stdout) = endless(&folder, "answers.csv");
    // The first block is there.
    while fs::metadata(folder.0.join("answers.csv")).map_or(true, |file| file.len() < 1000) {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &program.id().to_string()]).status().unwrap();
    let status = program.wait().unwrap();
    let mut said = String::new();
    program.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(130), "{said}");
    let answers = folder.read("answers.csv");
    assert!(answers.ends_with('\n'));
    let width = answers.lines().next().unwrap().split(',').count();
    assert!(answers.lines().all(|line| line.split(',').count() == width));
    assert!(said.contains("stopped: answers.csv has whole lines of the first rows"), "{said}");
}

#[test]
fn a_file_that_cannot_grow_keeps_whole_lines() {
    let folder = Folder::with_heart_disease("no-room");
    // The signal would end the program; the error is that of a full disk but for its name.
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" predict heart-disease.onnx \
                  -i predictions.csv -o answers.csv";
    let mut shell = Command::new("sh");
    shell.args(["-c", script, env!("CARGO_BIN_EXE_model-api")]).current_dir(&folder.0);
    let error = error_of(&shell.output().unwrap());
    assert!(error.contains("cannot write answers.csv: File too large"), "{error}");
    let answers = folder.read("answers.csv");
    assert!(
        answers.starts_with("disease,prediction,") && answers.ends_with(",warnings\n"),
        "{answers}"
    );
}

#[test]
fn a_closed_pipe_ends_it_without_a_word() {
    let folder = Folder::with_heart_disease("closed");
    let (mut program, mut stdout) = endless(&folder, "-");
    assert!(line(&mut stdout).starts_with("disease,prediction,"));
    drop(stdout);
    let status = program.wait().unwrap();
    let mut said = String::new();
    program.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((status.code(), said.as_str()), (Some(141), ""));
}

#[test]
fn what_cannot_be_written_or_read_is_one_line_with_a_remedy() {
    let folder = Folder::with_heart_disease("errors");
    fs::copy(folder.0.join("heart-disease.onnx"), folder.0.join("alone.onnx")).unwrap();
    folder.write("old.toml", "name = \"a\"\n");
    fs::create_dir(folder.0.join("full")).unwrap();
    folder.write("full/file", "");
    let rows = ["-i", "predictions.csv"];
    for (arguments, remedy) in [
        (
            &[&PREDICT[..], &rows, &["-o", "/dev/full"]].concat()[..],
            "cannot write /dev/full: No space left",
        ),
        (
            &[&PREDICT[..], &rows, &["-o", "none/a.csv"]].concat(),
            "cannot write none/a.csv: No such file",
        ),
        (
            &[&PREDICT[..], &rows, &["-o", "predictions.csv"]].concat(),
            "predictions.csv has the rows",
        ),
        (&[&PREDICT[..], &["-i", "none.csv"]].concat(), "none.csv: No such file"),
        (&[&PREDICT[..], &rows, &["-o", "a.csv.gz"]].concat(), "name it .csv or .ndjson"),
        (&["serve", "full"], "name the application in it: full/spin.toml"),
        (&["predict", "none.onnx"], "none.onnx: No such file"),
        (&["predict", "predictions.csv"], "predictions.csv: "),
        (&["predict", "heart-disease.toml"], "name the model's file; this is its card"),
        (
            &["serve"],
            "there is no spin.toml; name a model's file, or the spin.toml of an application",
        ),
        (&["serve", "none.onnx", "--listen=127.0.0.1:0"], "none.onnx: No such file"),
        (
            // No address of this machine: it would end even if it took the card.
            &["serve", "heart-disease.onnx", "--card=hart.toml", "--listen=192.0.2.1:1"],
            "there is no card hart.toml; leave --card out if the model has none",
        ),
        (
            &["predict", "heart-disease.onnx", "--card=hart.toml"],
            "there is no card hart.toml; leave --card out if the model has none",
        ),
        (&["serve", "old.toml"], "old.toml: "),
        (&["serve", "heart-disease.toml"], "heart-disease.toml is a card; name its model's file"),
        (
            &["import", "heart-disease.onnx"],
            "there is no spin.toml; make an application: --app FOLDER",
        ),
        (
            &["import", "heart-disease.onnx", "--app=full"],
            "full has other files; name a new folder",
        ),
    ] {
        let error = error_of(&folder.run(arguments));
        let last = error.lines().last().unwrap();
        assert!(last.starts_with("error: ") && last.contains(remedy), "{arguments:?}: {error}");
    }
    // Mistakes of usage have another code.
    let usage = folder.run(&["predict"]);
    assert_eq!(usage.status.code(), Some(2), "{usage:?}");
    let port = folder.run(&["serve", "heart-disease.onnx", "--listen=3999"]);
    let said = String::from_utf8(port.stderr).unwrap();
    assert!(said.contains("such as 127.0.0.1:3999"), "{said}");
}

#[test]
fn rows_without_any_answer_are_a_failure_and_are_said_by_reason() {
    let folder = Folder::with_heart_disease("refused");
    let rows = folder.read("predictions.csv").lines().take(3).collect::<Vec<_>>().join("\n");
    folder.write("rows.csv", rows.replace("\n63,", "\n,").replace("\n67,", "\n,"));
    let output = folder.run(&[&PREDICT[..], &["-i", "rows.csv", "-o", "answers.csv"]].concat());
    assert_eq!(output.status.code(), Some(1));
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(error.contains("answers.csv: 0 of 2 rows answered"), "{error}");
    assert!(error.contains("\n          2 age: Field required\n"), "{error}");
    assert!(error.ends_with("\nno row has an answer\n"), "{error}");
    assert_eq!(folder.read("answers.csv").lines().count(), 3);
}

#[test]
fn a_check_finds_drift_and_says_it_to_people_and_to_programs() {
    let folder = Folder::with_heart_disease("check");
    let check = ["check", "heart-disease.onnx", "--data"];
    let same = folder.run(&[&check[..], &["predictions.csv"]].concat());
    assert!(same.status.success(), "{same:?}");
    // Another laboratory: mmol/L in the place of mg/dL.
    let mut other = String::new();
    for (place, line) in folder.read("predictions.csv").lines().enumerate() {
        let mut cells: Vec<String> = line.split(',').map(str::to_owned).collect();
        if place > 0 {
            cells[4] = (cells[4].parse::<f64>().unwrap() / 38.67).to_string();
        }
        other += &(cells.join(",") + "\n");
    }
    folder.write("other.csv", other);
    let found = folder.run(&[&check[..], &["other.csv"]].concat());
    assert_eq!(found.status.code(), Some(1), "{found:?}");
    let text = String::from_utf8(found.stdout).unwrap();
    assert!(text.contains("found: feature \"cholesterol\": drifted, index 8.240\n"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let json = folder.run(&[&check[..], &["other.csv", "--json"]].concat());
    let report: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!((json.status.code(), &report["verdict"]), (Some(1), &json!("found")));
}

#[test]
fn an_application_is_complete_in_its_folder_and_is_served_from_there() {
    let folder = Folder::with_heart_disease("app");
    let output = folder.run(&["import", "heart-disease.onnx", "--app", "heart"]);
    assert!(output.status.success(), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.ends_with("heart: serve it: model-api serve heart/spin.toml\n"), "{said}");
    let image = folder.read("heart/k8s/components/image/kustomization.yaml");
    assert!(image.contains("newName: registry.example.com/heart-disease\n"), "{image}");
    assert!(folder.read("heart/k8s/kustomization.yaml").contains("- base\n"));
    // Elsewhere it is the same.
    let moved = Folder::new("app-moved");
    fs::rename(folder.0.join("heart"), moved.0.join("heart")).unwrap();
    let (status, answer) = moved.serve("heart/spin.toml").predict(&json!({ "patient_data": {} }));
    assert_eq!(status, 422, "{answer}");
    // Another model takes its place in the manifest, and the folder is written anew without a question.
    fs::rename(moved.0.join("heart"), folder.0.join("heart")).unwrap();
    let again = folder.run(&["import", "heart-disease.onnx", "-f", "heart/spin.toml"]);
    assert!(again.status.success(), "{again:?}");
    let said = String::from_utf8(again.stdout).unwrap();
    assert!(said.ends_with("heart/spin.toml: serves it now: model-api serve\n"), "{said}");
    assert!(folder.run(&["import", "heart-disease.onnx", "--app", "heart"]).status.success());
}

#[test]
fn help_fits_a_terminal_and_shells_complete_the_commands() {
    let folder = Folder::new("help");
    for command in [
        &["--help"][..],
        &["serve", "--help"],
        &["import", "--help"],
        &["predict", "--help"],
        &["check", "--help"],
    ] {
        let help = String::from_utf8(folder.run(command).stdout).unwrap();
        assert!(help.lines().all(|line| line.chars().count() <= 80), "{help}");
    }
    let help = String::from_utf8(folder.run(&["import", "--help"]).stdout).unwrap();
    assert!(help.starts_with("Make a component of a model, or a whole application"), "{help}");
    let bash = String::from_utf8(folder.run(&["completions", "bash"]).stdout).unwrap();
    assert!(bash.contains("model-api") && bash.contains("predict"), "{bash}");
}
