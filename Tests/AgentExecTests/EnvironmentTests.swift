import Foundation
import Handoff
import JSON
import OS
import Supervisor
import TestKit
import Testing

@testable import AgentExec

/// Where uv is on this machine, if it is.
private let uv: String? = {
    let environment = ProcessInfo.processInfo.environment
    let cache = (environment["HOME"] ?? "/root") + "/.cache/clearml-glue"
    let cached = ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).filter { $0.hasPrefix("uv-") }
    let candidates =
        [environment["GLUE_TEST_UV"], ProcessSpec.find("uv", path: environment["PATH"])]
        + cached.map { "\(cache)/\($0)/uv" }
    return candidates.lazy.compactMap { $0 }.first { FileManager.default.isExecutableFile(atPath: $0) }
}()

/// A folder of wheels, the only index there is.
private struct PackageFolder {
    let path: String

    init(in folder: String) throws {
        path = folder + "/wheels"
        let program = """
            import os, zipfile
            os.makedirs('wheels')
            def wheel(name, version, requires=()):
                with zipfile.ZipFile(f'wheels/{name}-{version}-py3-none-any.whl', 'w') as z:
                    info = f'{name}-{version}.dist-info'
                    needs = ''.join(f'Requires-Dist: {r}\\n' for r in requires)
                    z.writestr(f'{name}.py', f'version = "{version}"\\n')
                    z.writestr(info + '/METADATA', f'Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n{needs}')
                    z.writestr(info + '/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
                    z.writestr(info + '/RECORD', '')
            wheel('tinypkg', '1.0')
            wheel('tinypkg', '2.0')
            wheel('needy', '1.0', ['absent_package>=3'])
            wheel('clearml', '0.0.1')
            """
        try program.write(toFile: folder + "/wheels.py", atomically: true, encoding: .utf8)
        try sh("/usr/bin/python3 wheels.py", in: folder)
    }
}

@Suite(.timeLimit(.minutes(3))) struct EnvironmentPhaseTests {
    enum Installer: String, CaseIterable {
        case uv
        case pip
    }

    /// Runs `code` with `requirements`; only the wheels above can be installed, by `installer`.
    private func run(
        _ code: String, requirements: JSONValue?, by installer: Installer = .uv, environment: [String: String] = [:],
        script changes: [String: JSONValue] = [:]
    ) async throws -> (exitCode: Int32, task: TaskOnServer.State) {
        var script: JSONValue = ["binary": "python3", "entry_point": "main.py", "diff": .string(code)]
        if let requirements { script["requirements"] = ["pip": requirements] }
        for (key, value) in changes { script[key] = value }
        let stage = try Stage(script: script)
        let wheels = try PackageFolder(in: stage.scratch.path)
        var path = "/usr/bin:/bin"
        if installer == .uv, let uv {
            try sh("mkdir tools && ln -s \(uv) tools/uv", in: stage.scratch.path)
            path = "\(stage.scratch.path)/tools:" + path
        }
        let standard = [
            "PATH": path, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.path, "HOME": stage.scratch.path,
            "UV_CACHE_DIR": stage.scratch.path + "/cache",
        ]
        let (_, code) = try await stage.run(standard.merging(environment) { _, new in new })
        return (code, stage.task.now)
    }

    @Test(.enabled(if: uv != nil), arguments: Installer.allCases)
    func `requirements are installed, found by the code, and written back`(installer: Installer) async throws {
        let code =
            "import tinypkg, clearml, sys, os\nprint('tiny', tinypkg.version, 'venv', sys.prefix == os.environ['VIRTUAL_ENV'])\n"
        let forms: [JSONValue] = ["# Python 3.11\ntinypkg == 1.0\n", ["tinypkg==1.0"]]
        for requirements in installer == .uv ? forms : [forms[1]] {
            let (exitCode, task) = try await run(code, requirements: requirements, by: installer)
            #expect(exitCode == 0, "\(task.console)")
            #expect(task.console.contains("tiny 1.0 venv True"))
            let written = task.requirements?["pip"]?.array?.compactMap(\.string) ?? []
            #expect(written.contains("tinypkg==1.0") && written.contains("clearml==0.0.1"))
            #expect(
                installer == .pip || written.count == 2, "the image's other packages are not the task's: \(written)")
            #expect(task.requirements?["org_pip"] == requirements)
        }
    }

    @Test(.enabled(if: uv != nil), arguments: Installer.allCases)
    func `a requirement that does not exist is named`(installer: Installer) async throws {
        let absent = [("nosuchpkg", "nosuchpkg"), ("tinypkg==9.9", "tinypkg==9.9"), ("needy", "absent")]
        for (requirement, culprit) in installer == .uv ? absent : [absent[1]] {
            let (exitCode, task) = try await run("print(1)", requirements: .string(requirement), by: installer)
            #expect(exitCode == 65)
            #expect(task.status == "failed")
            #expect(
                task.reason.hasPrefix("cannot install the requirement `\(culprit)"), "\(task.reason)\n\(task.console)")
        }
    }

    @Test(.enabled(if: uv != nil), arguments: Installer.allCases)
    func `an index that cannot be reached is said to be so`(installer: Installer) async throws {
        let (exitCode, task) = try await run(
            "print(1)", requirements: "tinypkg", by: installer,
            environment: [
                "PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
                "PIP_RETRIES": "1", "UV_HTTP_RETRIES": "0",
            ])
        #expect(exitCode == 65)
        #expect(task.reason.hasSuffix("the package index cannot be reached"), "\(task.reason)\n\(task.console)")
    }

    @Test func `a script that asks for nothing starts with the image's Python`() async throws {
        let (exitCode, task) = try await run("import sys\nprint('at', sys.prefix)", requirements: nil)
        #expect(exitCode == 0)
        #expect(task.console.contains("at /usr\n"))
        #expect(task.requirements == nil)
    }

    @Test(.enabled(if: uv != nil))
    func `a repository's requirements.txt counts when the task has none`() async throws {
        let scratch = try Scratch()
        try sh(
            """
            git init -q -b main repo && cd repo && mkdir more && echo 'tinypkg<2' > more/base.txt
            echo '-r more/base.txt' > requirements.txt
            echo 'import tinypkg; print("tiny", tinypkg.version)' > main.py && git add . && git commit -qm one
            """, in: scratch.path)
        let repository: JSONValue = .string("file://" + scratch.path + "/repo")
        let (exitCode, task) = try await run("", requirements: nil, script: ["repository": repository, "diff": ""])
        #expect(exitCode == 0, "\(task.console)")
        #expect(task.console.contains("tiny 1.0"), "by a file that it names")
    }

    @Test(arguments: [
        ["CLEARML_AGENT_SKIP_PYTHON_ENV_INSTALL": "1"], ["CLEARML_AGENT_SKIP_PIP_VENV_INSTALL": "/usr/bin/python3"],
    ])
    func `the template may forbid to install anything`(environment: [String: String]) async throws {
        let (exitCode, task) = try await run(
            "import sys\nprint('at', sys.prefix)", requirements: "nosuchpkg", environment: environment)
        #expect(exitCode == 0)
        #expect(task.console.contains("at /usr\n"))
    }

    @Test func `an image without Python and without uv is told so`() async throws {
        let (exitCode, task) = try await run("print(1)", requirements: nil, by: .pip, environment: ["PATH": "/nowhere"])
        #expect(exitCode == 65)
        #expect(task.reason.hasPrefix("the image has no Python"))
    }
}

@Suite struct RequirementsTests {
    @Test func `lines are read as pip reads them`() {
        let requirements = Requirements(
            """
            # a comment
            --extra-index-url https://x/simple
            Foo_Bar.baz == 1.2.3  # why
            plain
            ranged>=1,<2
            extra[all]==1.0
            marked==1.0 ; python_version < "3.8"
            git+https://host/x.git#egg=y
            named @ https://host/z.whl
            ./local
            file.whl
            -e .
            """)
        #expect(
            requirements.lines.map(\.name) == [
                nil, "foo-bar-baz", "plain", "ranged", "extra", "marked", nil, "named", nil, nil, nil,
            ])
        #expect(requirements.lines.filter(\.isSimple).map(\.name) == ["foo-bar-baz", "plain"])
        #expect(requirements.lines[1].version == "1.2.3")
        #expect(requirements.lines[6].text == "git+https://host/x.git#egg=y")
        #expect(Requirements("--no-index\n-f x").isEmpty)
        #expect(!Requirements("-e .").isEmpty)
    }

    @Test func `what is there exactly is not installed again`() {
        let requirements = Requirements("torch==2.1.0\nnumpy\nsix==1.0\nabsent\nscipy>=1\n-f x")
        let (missing, present) = requirements.divided(by: [
            "torch": "2.1.0", "numpy": "2.0", "six": "1.1", "scipy": "1.9",
        ])
        #expect(missing.lines.map(\.text) == ["six==1.0", "absent", "scipy>=1", "-f x"])
        #expect(present.lines.map(\.text) == ["torch==2.1.0", "numpy"])
    }
}

@Suite struct InstallFailureTests {
    @Test(arguments: [
        (
            "ERROR: Could not find a version that satisfies the requirement foo==9 (from versions: 1.0)\nERROR: No matching distribution found for foo==9\n",
            "foo==9"
        ),
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because there is no version of foo==9 and you require foo==9, we can\n      conclude that your requirements are unsatisfiable.",
            "foo==9"
        ),
        ("  ╰─▶ Because nosuch was not found in the package registry and you require nosuch", "nosuch"),
        ("  × Failed to build `mlpack==4.0`\n  ├─▶ The build backend returned an error", "mlpack==4.0"),
    ])
    func `the requirement in the way is found in the installer's words`(output: String, culprit: String) {
        #expect(InstallFailure.of(output).reason == "cannot install the requirement `\(culprit)`")
    }

    @Test func `a full disk has its own exit code`() {
        let failure = InstallFailure.of("error: failed to write: No space left on device (os error 28)")
        #expect(failure.code == .diskPreflight)
    }
}

@Suite struct InstallerEnvironmentTests {
    @Test func `each tool understands the other's settings, its own come first`() {
        let environment = InstallerEnvironment.completed([
            "PIP_INDEX_URL": "https://pip", "PIP_FIND_LINKS": "/a /b", "UV_EXTRA_INDEX_URL": "https://uv",
            "PIP_CERT": "/ca",
            "UV_DEFAULT_INDEX": "https://own",
        ])
        #expect(environment["UV_DEFAULT_INDEX"] == "https://own")
        #expect(environment["PIP_INDEX_URL"] == "https://pip")
        #expect(environment["UV_FIND_LINKS"] == "/a,/b")
        #expect(environment["PIP_EXTRA_INDEX_URL"] == "https://uv")
        #expect(environment["SSL_CERT_FILE"] == "/ca")
    }
}
