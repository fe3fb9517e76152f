import HTTP
import JSON

/// The file server: what is uploaded to `/files/…` can be fetched from there until it is deleted.
///
/// A `PUT` stores its body; a `POST` stores the parts of a form that carry a file, each under the posted path and the
/// part's name, as ClearML's own file server does, and answers with the paths.
enum FileServer {
    private static let root = "/files"

    /// Whether a path is the file server's.
    static func serves(_ path: String) -> Bool { path == root || path.hasPrefix(root + "/") }

    /// The files by path, and the memory they take.
    struct Files {
        private(set) var byPath: [String: (type: String, content: [UInt8])] = [:]
        private(set) var bytes = 0

        mutating func store(_ content: [UInt8], type: String, at path: String) {
            remove(path)
            byPath[path] = (type, content)
            bytes += content.count
        }

        @discardableResult
        mutating func remove(_ path: String) -> Bool {
            guard let old = byPath.removeValue(forKey: path) else { return false }
            bytes -= old.content.count
            return true
        }
    }

    static func respond(to request: HTTPRequest, at path: String, in store: inout Store) -> HTTPResponse {
        let body = request.body ?? []
        let type = request.headers["Content-Type"] ?? "application/octet-stream"
        switch request.method {
        case .get, .head:
            guard let file = store.files.byPath[path] else { return text(404, "no file at \(path)") }
            return HTTPResponse(
                status: 200,
                headers: ["Content-Type": file.type, "Content-Length": "\(file.content.count)"],
                body: request.method == .head ? [] : file.content)
        case .delete:
            return store.files.remove(path) ? text(200, "deleted") : text(404, "no file at \(path)")
        case .put:
            guard fits(body.count, store) else { return text(507, "the sandbox keeps no more files") }
            store.files.store(body, type: type, at: path)
            return text(200, path)
        case .post:
            guard fits(body.count, store) else { return text(507, "the sandbox keeps no more files") }
            guard let form = MultipartForm(body, contentType: type) else {
                store.files.store(body, type: type, at: path)
                return text(200, path)
            }
            let folder = path.hasSuffix("/") ? path : path + "/"
            var paths: [JSONValue] = []
            for part in form.parts {
                let name = folder + part.name.drop { $0 == "/" }
                store.files.store(part.content, type: part.type, at: name)
                paths.append(.string(name))
            }
            return HTTPResponse(
                status: 200, headers: ["Content-Type": "application/json"], body: JSONValue.array(paths).bytes)
        case .patch:
            return text(405, "PATCH is not supported")
        }
    }

    private static func fits(_ count: Int, _ store: Store) -> Bool {
        store.files.bytes + count <= store.configuration.fileBytesLimit
    }

    private static func text(_ status: Int, _ text: String) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": "text/plain"], body: Array(text.utf8))
    }
}
