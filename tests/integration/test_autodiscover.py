"""Autodiscover as clients ask it: 401 first, version 1 in both schemas, version 2, other spellings of the path."""
import base64
import json

from rig import PASSWORD, Case, Connection, Settings, schema

SPACE = "http://schemas.microsoft.com/exchange/autodiscover/"
XML = "/Autodiscover/Autodiscover.xml"

SETTINGS = Settings(users=4, fields={"u2": "userdb_roost_autodiscover_host=eas.example.org",
                                     "u3": "userdb_roost_autodiscover_host=@other.example",
                                     "u4": "userdb_roost_enabled=no"})


def document(answer_schema, address="u1@example.test", request_schema="mobilesync/requestschema/2006"):
    return (f'<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{SPACE}{request_schema}"><Request>'
            f"<EMailAddress>{address}</EMailAddress><AcceptableResponseSchema>{SPACE}{answer_schema}"
            "</AcceptableResponseSchema></Request></Autodiscover>").encode()


MOBILESYNC, OUTLOOK = "mobilesync/responseschema/2006", "outlook/responseschema/2006a"


class Autodiscover(Case):
    def ask(self, method, target, body=b"", user="u1", password=PASSWORD, headers=None, tls=True):
        connection = Connection(self.dovecot.url(tls))
        self.addCleanup(connection.close)
        fields = {"Host": "mail.example.test", "Content-Length": str(len(body)), "Content-Type": "text/xml"}
        if user:
            fields["Authorization"] = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        head = "".join(f"{name}: {value}\r\n" for name, value in (fields | (headers or {})).items())
        response = connection.request(f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body)
        return response.code, response.headers, response.body

    def test_401_first(self):
        for method, target in (("POST", XML), ("GET", XML), ("GET", "/autodiscover/autodiscover.json?Protocol=ActiveSync"),
                               ("GET", "/autodiscover/autodiscover.json/v1.0/u1@example.test?Protocol=ActiveSync")):
            for user, password in ((None, None), ("u1", "wrong"), ("nobody", "secret")):
                code, headers, _ = self.ask(method, target, b"", user, password)
                self.assertEqual(code, 401, target)
                self.assertTrue(headers["www-authenticate"].startswith("Basic "))

    def test_mobilesync(self):
        for target in (XML, XML.lower(), XML.upper(), "/autodiscover/Autodiscover.xml"):
            code, headers, body = self.ask("POST", target, document(MOBILESYNC))
            self.assertEqual((code, headers["content-type"]), (200, "text/xml; charset=utf-8"))
            schema.validate_autodiscover(body)
            self.assertIn(b"<Type>MobileSync</Type><Url>https://mail.example.test/Microsoft-Server-ActiveSync</Url>", body)

    def test_host(self):
        code, _, body = self.ask("POST", XML, document(MOBILESYNC), user="u2")
        schema.validate_autodiscover(body)
        self.assertIn(b"<Url>https://eas.example.org/Microsoft-Server-ActiveSync</Url>", body)

    def test_redirect(self):
        _, _, body = self.ask("POST", XML, document(MOBILESYNC), user="u3")
        schema.validate_autodiscover(body)
        self.assertIn(b"<Redirect>u1@other.example</Redirect>", body)
        _, _, body = self.ask("POST", XML, document(OUTLOOK, request_schema="outlook/requestschema/2006"), user="u3")
        self.assertIn(b"<RedirectAddr>u1@other.example</RedirectAddr>", body)

    def test_errors(self):
        for body, code in ((document(OUTLOOK), 601), (document("unknown"), 601), (b"<x/>", 600), (b"{}", 600),
                           (document(MOBILESYNC)[:-5], 600), (b"\xff" * 1000, 600), (b"<a>" * 20000, 600)):
            status, _, answer = self.ask("POST", XML, body)
            self.assertEqual(status, 200)
            schema.validate_autodiscover(answer)
            self.assertIn(f"<ErrorCode>{code}</ErrorCode>".encode(), answer)

    def test_disabled_user(self):
        _, _, body = self.ask("POST", XML, document(MOBILESYNC), user="u4")
        schema.validate_autodiscover(body)
        self.assertIn(b"<ErrorCode>601</ErrorCode>", body)
        code, _, _ = self.ask("GET", "/autodiscover/autodiscover.json?Protocol=ActiveSync", user="u4")
        self.assertEqual(code, 404)

    def test_empty_body(self):
        code, _, body = self.ask("POST", XML)
        self.assertEqual(code, 200)
        schema.validate_autodiscover(body)
        self.assertIn(b"<Type>MobileSync</Type>", body)

    def test_json(self):
        for target in ("/autodiscover/autodiscover.json?Email=u1%40example.test&Protocol=ActiveSync",
                       "/Autodiscover/AutoDiscover.json/v1.0/u1@example.test?Protocol=activesync"):
            code, headers, body = self.ask("GET", target)
            self.assertEqual((code, headers["content-type"]), (200, "application/json; charset=utf-8"))
            self.assertEqual(json.loads(body), {"Protocol": "ActiveSync",
                                                "Url": "https://mail.example.test/Microsoft-Server-ActiveSync"})
        code, _, body = self.ask("GET", "/autodiscover/autodiscover.json?Protocol=EWS")
        self.assertEqual((code, json.loads(body)["ErrorCode"]), (404, "InvalidProtocol"))
        code, _, body = self.ask("GET", "/autodiscover/autodiscover.json")
        self.assertEqual((code, json.loads(body)["ErrorCode"]), (400, "MandatoryParameterMissing"))

    def test_gzip(self):
        _, headers, body = self.ask("POST", XML, document(MOBILESYNC), headers={"Accept-Encoding": "gzip"})
        self.assertEqual(headers["content-encoding"], "gzip")
        schema.validate_autodiscover(body)      # the rig has decompressed it
