"""The configuration of a private Dovecot, for 2.3 and for 2.4.  Everything that Roost needs comes from our own
conf.d/90-roost.conf, as on an operator's machine; the rest is what makes an instance private."""
import dataclasses
import pathlib
import re
import subprocess

SOURCE = pathlib.Path(__file__).resolve().parents[2]
MAILBOXES = (("Drafts", r"\Drafts"), ("Sent", r"\Sent"), ("Trash", r"\Trash"), ("Junk", r"\Junk"),
             ("Archive", r"\Archive"))


@dataclasses.dataclass
class Settings:
    """What a test may choose about its instance."""
    users: int = 8
    mail: str = "maildir:~/Maildir"
    # Dovecot configuration appended at the end, e.g. "roost_max_devices = 2\n"
    extra: str = ""
    # extra fields of users in the passwd-file: {"u3": "userdb_roost_enabled=no"}
    fields: dict = dataclasses.field(default_factory=dict)
    # file descriptors of the master, and with it the number of connections
    connections: int = 1000
    # how failed logins are slowed down; off, since tests fail on purpose
    penalty: bool = False


def dovecot_version():
    text = subprocess.run(["dovecot", "--version"], check=True, capture_output=True, text=True).stdout
    return tuple(map(int, re.match(r"(\d+)\.(\d+)\.(\d+)", text).groups()))


def include_path():
    """Our own file for the Dovecot that is installed."""
    return SOURCE / "conf.d" / ("2.4" if dovecot_version() >= (2, 4) else "") / "90-roost.conf"


def mailboxes():
    return "".join(f"  mailbox {name} {{\n    special_use = {use}\n    auto = subscribe\n  }}\n"
                   for name, use in MAILBOXES)


def services(ports, settings):
    """The listeners; their syntax is the same in both versions."""
    def inet(service, *listeners, more=""):
        inner = "".join(f"  inet_listener {name} {{\n    port = {port}\n{extra}  }}\n"
                        for name, port, extra in listeners)
        return f"service {service} {{\n{inner}{more}}}\n"
    tls = "    ssl = yes\n"
    many = f"  client_limit = {settings.connections}\n"
    return (inet("imap-login", ("imap", ports["imap"], ""), ("imaps", ports["imaps"], tls)) +
            inet("pop3-login", ("pop3", ports["pop3"], ""), ("pop3s", 0, "")) +
            inet("lmtp", ("lmtp", ports["lmtp"], "")) +
            inet("roost", ("http", ports["http"], ""), ("https", ports["https"], tls), more=many) +
            # load comes from few users
            f"roost_parked_limit = {settings.connections}\nroost_throttle_device = 0\nroost_throttle_user = 0\n")


def penalty(settings):
    if settings.penalty:
        return ""
    return "service anvil {\n  unix_listener anvil-auth-penalty {\n    mode = 0\n  }\n}\n"


def sanitizers():
    """Sanitized services are given the address space and the environment that they need."""
    return """default_vsz_limit = 0
service roost {
  vsz_limit = 0
}
service roost-worker {
  vsz_limit = 0
}
"""


# Leaks are the unit tests' matter: Dovecot's libraries keep some memory until exit.
ENVIRONMENT = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def environment_2_3(sanitized):
    values = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    return f"import_environment = $import_environment {values}\n" if sanitized else ""


def environment_2_4(sanitized):
    values = "".join(f"  {name} = {value}\n" for name, value in ENVIRONMENT.items())
    return f"import_environment {{\n{values}}}\n" if sanitized else ""


def text_2_3(root, ports, settings, sanitized):
    return f"""base_dir = {root}/run
state_dir = {root}/state
instance_name = roost-{ports["http"]}
log_path = {root}/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S.%{{usecs}} "
listen = 127.0.0.1
protocols = imap lmtp pop3 roost
ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_format = %Ln
auth_failure_delay = 0
first_valid_uid = 1000
mail_location = {settings.mail}
mail_plugins = $mail_plugins notify roost
mail_max_userip_connections = 0
lda_mailbox_autocreate = yes
postmaster_address = postmaster@example.test
hostname = mail.example.test
submission_host = 127.0.0.1:{ports["smtp"]}
{environment_2_3(sanitized)}namespace inbox {{
  inbox = yes
  separator = /
{mailboxes()}}}
passdb {{
  driver = passwd-file
  args = username_format=%Ln {root}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%Ln {root}/users
}}
!include {include_path()}
roost_addresses = %n@example.test
{services(ports, settings)}{penalty(settings)}{sanitizers() if sanitized else ""}{settings.extra}"""


def text_2_4(root, ports, settings, sanitized):
    driver, _, path = settings.mail.partition(":")
    full = ".".join(map(str, dovecot_version()))
    return f"""dovecot_config_version = {full}
dovecot_storage_version = {full}
base_dir = {root}/run
state_dir = {root}/state
instance_name = roost-{ports["http"]}
log_path = {root}/dovecot.log
log_timestamp = "%Y-%m-%d %H:%M:%S.%{{usecs}} "
listen = 127.0.0.1
protocols {{
  imap = yes
  lmtp = yes
  pop3 = yes
  roost = yes
}}
ssl = yes
ssl_server_cert_file = {root}/cert.pem
ssl_server_key_file = {root}/key.pem
auth_allow_cleartext = yes
auth_mechanisms {{
  plain = yes
  login = yes
}}
auth_username_format = %{{user | username | lower}}
auth_failure_delay = 0
first_valid_uid = 1000
mail_driver = {driver}
mail_path = {path}
mail_plugins {{
  notify = yes
  roost = yes
}}
mail_max_userip_connections = 0
lda_mailbox_autocreate = yes
postmaster_address = postmaster@example.test
hostname = mail.example.test
submission_host = 127.0.0.1:{ports["smtp"]}
{environment_2_4(sanitized)}namespace inbox {{
  inbox = yes
  separator = /
{mailboxes()}}}
passdb passwd-file {{
  passwd_file_path = {root}/users
}}
userdb passwd-file {{
  passwd_file_path = {root}/users
}}
!include {include_path()}
roost_addresses = %{{user|username}}@example.test
{services(ports, settings)}{penalty(settings)}{sanitizers() if sanitized else ""}{settings.extra}"""


def text(root, ports, settings, sanitized=False):
    """The whole dovecot.conf of the instance in folder `root`, for the Dovecot that is installed."""
    write = text_2_4 if dovecot_version() >= (2, 4) else text_2_3
    return write(root, ports, settings, sanitized)
