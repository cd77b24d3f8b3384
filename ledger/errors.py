"""Every refusal Anxu can utter, in one tree.

LedgerError                 stable kebab ``code``, ``retryable``, typed fields; the message is built from them
├── RefusedError            a rule says no: tell the caller, nothing was changed
│     └── ConflictError     what was asked for collides with what already stands
├── VerificationError       evidence does not hold: never retry, always log
├── UnavailableError        try later
├── CorruptionError         our own data disagrees: stop publishing, call a person
└── UsageError              the command or the settings are off: mend them and call again

The roots are sorted by who has to act. No personal field (name, identity number, account, pseudonym, salt)
may become a field of an error: messages travel into logs, pages and other bureaus' screens.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, ClassVar


@dataclass(eq=False)
class LedgerError(Exception):
    """Root of the tree; a leaf adds typed fields, its sentences and what to do next, in both languages."""

    code: ClassVar[str] = "ledger-error"
    retryable: ClassVar[bool] = False
    message: ClassVar[str] = "The operation failed."
    message_zh: ClassVar[str] = "操作失败。"
    remedy: ClassVar[str] = "Look at the log of this node for the reference number."
    remedy_zh: ClassVar[str] = "请按编号查看本节点日志。"

    def fields(self) -> dict[str, Any]:
        """The typed fields by name, as they may be shown."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def sentence(self, language: str = "en") -> str:
        """What happened, in one sentence of ``language`` (``zh`` or ``en``)."""
        template = self.message_zh if language == "zh" else self.message
        return template.format(**self.fields())

    def advice(self, language: str = "en") -> str:
        """What to do now, in ``language`` (``zh`` or ``en``)."""
        template = self.remedy_zh if language == "zh" else self.remedy
        return template.format(**self.fields())

    def __str__(self) -> str:
        return f"{self.sentence()} {self.advice()}"


# --- roots ---------------------------------------------------------------------------------------------


@dataclass(eq=False)
class RefusedError(LedgerError):
    """A rule says no."""

    code: ClassVar[str] = "refused"


@dataclass(eq=False)
class ConflictError(RefusedError):
    """What was asked for collides with what already stands."""

    code: ClassVar[str] = "conflict"


@dataclass(eq=False)
class VerificationError(LedgerError):
    """Evidence does not hold."""

    code: ClassVar[str] = "verification-failed"


@dataclass(eq=False)
class UnavailableError(LedgerError):
    """Something needed is out of reach for now."""

    code: ClassVar[str] = "unavailable"
    retryable: ClassVar[bool] = True


@dataclass(eq=False)
class CorruptionError(LedgerError):
    """Our own data disagrees with itself."""

    code: ClassVar[str] = "corruption"


@dataclass(eq=False)
class UsageError(LedgerError):
    """The command or the settings are off."""

    code: ClassVar[str] = "usage"


# --- refusals: input -----------------------------------------------------------------------------------


@dataclass(eq=False)
class EncodingError(RefusedError):
    """A value cannot be brought into the one form that is hashed."""

    field: str
    reason: str
    code: ClassVar[str] = "encoding"
    message: ClassVar[str] = "Field {field} cannot be encoded: {reason}."
    message_zh: ClassVar[str] = "字段 {field} 无法编码：{reason}。"
    remedy: ClassVar[str] = "Correct the value at its source and try again."
    remedy_zh: ClassVar[str] = "请在来源处更正后重试。"


@dataclass(eq=False)
class LengthError(RefusedError):
    """A byte string has the wrong length."""

    field: str
    expected: int
    actual: int
    code: ClassVar[str] = "length"
    message: ClassVar[str] = "{field} must be {expected} bytes long, not {actual}."
    message_zh: ClassVar[str] = "{field} 应为 {expected} 字节，实为 {actual} 字节。"
    remedy: ClassVar[str] = "Hand over the whole value, unshortened."
    remedy_zh: ClassVar[str] = "请提供完整的值。"


@dataclass(eq=False)
class NotFoundError(RefusedError):
    """What was asked for is not here."""

    what: str
    key: str
    code: ClassVar[str] = "not-found"
    message: ClassVar[str] = "There is no {what} {key} here."
    message_zh: ClassVar[str] = "此处没有 {what} {key}。"
    remedy: ClassVar[str] = "Check the number, or ask the bureau that keeps it."
    remedy_zh: ClassVar[str] = "请核对编号，或向保存该记录的经办机构查询。"


@dataclass(eq=False)
class NotPermittedError(RefusedError):
    """The caller may not do this."""

    action: str
    needed: str
    code: ClassVar[str] = "not-permitted"
    message: ClassVar[str] = "{action} needs {needed}."
    message_zh: ClassVar[str] = "{action} 需要 {needed}。"
    remedy: ClassVar[str] = "Sign in as somebody who may, or ask for the role."
    remedy_zh: ClassVar[str] = "请以有权限的身份登录，或申请该权限。"


@dataclass(eq=False)
class SameOfficerError(RefusedError):
    """Maker and checker are one person."""

    action: str
    code: ClassVar[str] = "same-officer"
    message: ClassVar[str] = (
        "{action} needs two different officers; both signatures are one officer's."
    )
    message_zh: ClassVar[str] = "{action} 须由两名不同的经办人员办理（经办与复核分离）。"
    remedy: ClassVar[str] = "Have a second officer check and sign."
    remedy_zh: ClassVar[str] = "请由另一名人员复核并签名。"


# --- refusals: policy ----------------------------------------------------------------------------------


@dataclass(eq=False)
class IdentifierError(RefusedError):
    """A number that identifies a person, an employer or a bank card cannot be one; it is never repeated here.

    ``identifier``: ``identity-number``, ``credit-code`` or ``bank-card``; ``part``: which field of it
    (``length``, ``character``, ``birth-date``, ``division``, ``organisation-check``, ``check``);
    ``position``: the first character at fault, from 1, or 0 when the whole is.
    """

    identifier: str
    part: str
    position: int
    reason: str
    reason_zh: str
    code: ClassVar[str] = "identifier"
    message: ClassVar[str] = "The {identifier} is refused at its {part}: {reason}."
    message_zh: ClassVar[str] = "证件号码（{identifier}）校验未通过：{reason_zh}。"
    remedy: ClassVar[str] = (
        "Compare it with the document, correct it at its source and send it again."
    )
    remedy_zh: ClassVar[str] = "请与证件核对，在来源处更正后重新提交。"


@dataclass(eq=False)
class PeriodError(RefusedError):
    """A month is not a month of the calendar this system covers."""

    value: int
    reason: str
    code: ClassVar[str] = "period"
    message: ClassVar[str] = "{value} is not a month (yyyymm): {reason}."
    message_zh: ClassVar[str] = "{value} 不是有效的年月（yyyymm）：{reason}。"
    remedy: ClassVar[str] = (
        "Write the year with four digits and the month with two, for example 202608."
    )
    remedy_zh: ClassVar[str] = "请按四位年份加两位月份填写，例如 202608。"


@dataclass(eq=False)
class AmountError(RefusedError):
    """An amount is not one this place can hold."""

    field: str
    reason: str
    code: ClassVar[str] = "amount"
    message: ClassVar[str] = "Amount {field} is refused: {reason}."
    message_zh: ClassVar[str] = "金额字段 {field} 不符合要求：{reason}。"
    remedy: ClassVar[str] = (
        "Correct the amount at its source; a deduction is a reversal, not a minus sign."
    )
    remedy_zh: ClassVar[str] = "请在来源处更正金额；扣减须作冲销，不得填负数。"


@dataclass(eq=False)
class ParameterMissingError(RefusedError):
    """No table holds the value a rule needs, so the rule cannot be applied."""

    parameter: str
    region: str
    key: str
    code: ClassVar[str] = "parameter-missing"
    message: ClassVar[str] = "No table has {parameter} for region {region} and {key}."
    message_zh: ClassVar[str] = "参数表中没有地区 {region}、{key} 的 {parameter}。"
    remedy: ClassVar[str] = "Enter the published value with its document in ledger/policy/tables."
    remedy_zh: ClassVar[str] = "请将已公布的数值及其文号录入 ledger/policy/tables。"


@dataclass(eq=False)
class SealingKeyDestroyedError(RefusedError):
    """The sealing key of a person was erased; what it sealed stays unreadable for good."""

    persons: int
    code: ClassVar[str] = "sealing-key-destroyed"
    message: ClassVar[str] = (
        "The records of {persons} person(s) were erased: their sealing keys are destroyed."
    )
    message_zh: ClassVar[str] = "有 {persons} 人的密钥已依法销毁，其记录不可再读取或新增。"
    remedy: ClassVar[str] = (
        "Nothing was written; look up the erasure decision before recording anything new."
    )
    remedy_zh: ClassVar[str] = "未写入任何内容；新增记录前请查阅销毁决定。"


# --- conflicts -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class IdempotencyConflictError(ConflictError):
    """One key was used for two different inputs."""

    key: str
    code: ClassVar[str] = "idempotency-conflict"
    message: ClassVar[str] = "The key {key} was used before with other content."
    message_zh: ClassVar[str] = "编号 {key} 已用于其他内容。"
    remedy: ClassVar[str] = (
        "Use a new key for new content; repeat the old content to see its answer."
    )
    remedy_zh: ClassVar[str] = "新内容请用新编号；重复原内容可得原答复。"


@dataclass(eq=False)
class HeadMovedError(ConflictError):
    """Somebody else appended between our read and our write."""

    log_id: int
    expected_size: int
    code: ClassVar[str] = "head-moved"
    retryable: ClassVar[bool] = True
    message: ClassVar[str] = "Log {log_id} grew past {expected_size} while this was prepared."
    message_zh: ClassVar[str] = "日志 {log_id} 在准备期间已超过 {expected_size} 条。"
    remedy: ClassVar[str] = "Nothing was written; run it again."
    remedy_zh: ClassVar[str] = "未写入任何内容，请重试。"


@dataclass(eq=False)
class AlreadyResolvedError(ConflictError):
    """The thing was decided before."""

    what: str
    key: str
    state: str
    code: ClassVar[str] = "already-resolved"
    message: ClassVar[str] = "{what} {key} is already {state}."
    message_zh: ClassVar[str] = "{what} {key} 已处于 {state} 状态。"
    remedy: ClassVar[str] = "Look at its history; a new fact needs a new entry."
    remedy_zh: ClassVar[str] = "请查看其经过；新事实须另行登记。"


@dataclass(eq=False)
class KeyExistsError(ConflictError):
    """A key of this name is kept already."""

    name: str
    code: ClassVar[str] = "key-exists"
    message: ClassVar[str] = "There is already a key {name}; keys are never replaced."
    message_zh: ClassVar[str] = "密钥 {name} 已存在，密钥不得覆盖。"
    remedy: ClassVar[str] = "Give the successor a name of its own and enrol it."
    remedy_zh: ClassVar[str] = "请为新密钥另取名称并登记。"


# --- verification --------------------------------------------------------------------------------------


@dataclass(eq=False)
class ProofShapeError(VerificationError):
    """A proof has a shape no honest log would give."""

    reason: str
    code: ClassVar[str] = "proof-shape"
    message: ClassVar[str] = "The proof is malformed: {reason}."
    message_zh: ClassVar[str] = "证明格式有误：{reason}。"
    remedy: ClassVar[str] = "Ask the issuer for a new proof."
    remedy_zh: ClassVar[str] = "请向出具机构重新获取证明。"


@dataclass(eq=False)
class RootMismatchError(VerificationError):
    """A proof leads to another root."""

    expected: str
    actual: str
    code: ClassVar[str] = "root-mismatch"
    message: ClassVar[str] = "The proof leads to root {actual}, the checkpoint says {expected}."
    message_zh: ClassVar[str] = "证明推得的根为 {actual}，检查点所载为 {expected}。"
    remedy: ClassVar[str] = "Do not rely on this record; ask the issuer."
    remedy_zh: ClassVar[str] = "请勿采信该记录，并向出具机构查询。"


@dataclass(eq=False)
class InvalidSignatureError(VerificationError):
    """A signature does not belong to these bytes and this key."""

    what: str
    code: ClassVar[str] = "invalid-signature"
    message: ClassVar[str] = "The signature on {what} does not hold."
    message_zh: ClassVar[str] = "{what} 的签名无效。"
    remedy: ClassVar[str] = "Do not rely on it; ask the signer for a new one."
    remedy_zh: ClassVar[str] = "请勿采信，并请签名方重新签署。"


@dataclass(eq=False)
class InconsistentCheckpointError(VerificationError):
    """A newer tree does not contain the older one."""

    origin: str
    old_size: int
    new_size: int
    code: ClassVar[str] = "inconsistent-checkpoint"
    message: ClassVar[str] = "{origin} at {new_size} does not contain its own tree of {old_size}."
    message_zh: ClassVar[str] = "{origin} 第 {new_size} 号检查点不包含其第 {old_size} 号检查点。"
    remedy: ClassVar[str] = "Keep both checkpoints as evidence and call the supervisor."
    remedy_zh: ClassVar[str] = "请保留两份检查点作为证据并通知监管部门。"


@dataclass(eq=False)
class MissingSignatureError(VerificationError):
    """A message that must be signed carries no signature."""

    what: str
    code: ClassVar[str] = "missing-signature"
    message: ClassVar[str] = "The {what} carries no signature."
    message_zh: ClassVar[str] = "{what} 未附签名。"
    remedy: ClassVar[str] = "Sign it (RFC 9421) and send it again."
    remedy_zh: ClassVar[str] = "请按 RFC 9421 签名后重新发送。"


@dataclass(eq=False)
class UnknownSignerError(VerificationError):
    """A signature names a key that nobody enrolled."""

    key_id: str
    code: ClassVar[str] = "unknown-signer"
    message: ClassVar[str] = "The signing key {key_id} is not enrolled."
    message_zh: ClassVar[str] = "签名密钥 {key_id} 未登记。"
    remedy: ClassVar[str] = "Enrol the key first, or sign with the enrolled one."
    remedy_zh: ClassVar[str] = "请先登记该密钥，或使用已登记的密钥签名。"


@dataclass(eq=False)
class SignatureExpiredError(VerificationError):
    """A signature was made too long ago, or in the future."""

    what: str
    age_seconds: int
    max_age_seconds: int
    code: ClassVar[str] = "signature-expired"
    message: ClassVar[str] = (
        "The signature on {what} is {age_seconds} s old; 0 to {max_age_seconds} s is accepted."
    )
    message_zh: ClassVar[str] = (
        "{what} 的签名已有 {age_seconds} 秒，仅接受 0 至 {max_age_seconds} 秒。"
    )
    remedy: ClassVar[str] = "Sign and send again; if it goes on, set both clocks."
    remedy_zh: ClassVar[str] = "请重新签名发送；如仍失败请校准双方时钟。"


@dataclass(eq=False)
class ReplayedRequestError(VerificationError):
    """A signed request came a second time."""

    key_id: str
    code: ClassVar[str] = "replayed-request"
    message: ClassVar[str] = "A request signed by {key_id} was received before."
    message_zh: ClassVar[str] = "由 {key_id} 签名的该请求已收到过。"
    remedy: ClassVar[str] = "Sign every request afresh, with a nonce of its own."
    remedy_zh: ClassVar[str] = "每次请求须使用新的随机数重新签名。"


@dataclass(eq=False)
class SealedContentError(VerificationError):
    """Sealed content does not open under this key and context."""

    what: str
    code: ClassVar[str] = "sealed-content"
    message: ClassVar[str] = (
        "The sealed {what} does not open: another key, another context, or changed bytes."
    )
    message_zh: ClassVar[str] = "加密的 {what} 无法打开：密钥或用途不符，或内容被改动。"
    remedy: ClassVar[str] = "Do not use it; ask the sender to seal it again for this key and case."
    remedy_zh: ClassVar[str] = "请勿使用，并请发送方针对本密钥与本案重新加密。"


@dataclass(eq=False)
class OprfProofError(VerificationError):
    """The evaluator of pseudonyms did not use the key it announced."""

    reason: str
    code: ClassVar[str] = "oprf-proof"
    message: ClassVar[str] = "The answer of the pseudonym service does not hold: {reason}."
    message_zh: ClassVar[str] = "假名服务的答复无效：{reason}。"
    remedy: ClassVar[str] = "Record nothing with it; tell the supervisor who runs the service."
    remedy_zh: ClassVar[str] = "请勿据此登记，并通知运行该服务的监管部门。"


# --- unavailable ---------------------------------------------------------------------------------------


@dataclass(eq=False)
class ChainUnavailableError(UnavailableError):
    """No chain endpoint answers."""

    endpoint: str
    reason: str
    code: ClassVar[str] = "chain-unavailable"
    message: ClassVar[str] = "The chain at {endpoint} cannot be reached: {reason}."
    message_zh: ClassVar[str] = "无法连接链节点 {endpoint}：{reason}。"
    remedy: ClassVar[str] = (
        "Records are kept and queued; anchoring goes on by itself once it answers."
    )
    remedy_zh: ClassVar[str] = "记录已保存并排队，恢复后自动上链。"


@dataclass(eq=False)
class StorageUnavailableError(UnavailableError):
    """The database does not answer or is busy."""

    reason: str
    code: ClassVar[str] = "storage-unavailable"
    message: ClassVar[str] = "The database cannot be used: {reason}."
    message_zh: ClassVar[str] = "数据库暂不可用：{reason}。"
    remedy: ClassVar[str] = "Try again; if it goes on, check the database server and the disk."
    remedy_zh: ClassVar[str] = "请重试；如仍失败请检查数据库与磁盘。"


@dataclass(eq=False)
class PeerUnavailableError(UnavailableError):
    """Another node does not answer."""

    peer: str
    reason: str
    code: ClassVar[str] = "peer-unavailable"
    message: ClassVar[str] = "The node of {peer} cannot be reached: {reason}."
    message_zh: ClassVar[str] = "无法连接 {peer} 的节点：{reason}。"
    remedy: ClassVar[str] = "Nothing is lost; it is tried again by itself."
    remedy_zh: ClassVar[str] = "内容未丢失，将自动重试。"


@dataclass(eq=False)
class NonceCapacityError(UnavailableError):
    """One caller sent more signed requests than can be remembered."""

    key_id: str
    capacity: int
    code: ClassVar[str] = "nonce-capacity"
    message: ClassVar[str] = (
        "{key_id} has {capacity} requests in the current window; no more are taken."
    )
    message_zh: ClassVar[str] = "{key_id} 在当前时段内已有 {capacity} 次请求，暂不再受理。"
    remedy: ClassVar[str] = "Slow down and try again in two minutes."
    remedy_zh: ClassVar[str] = "请放慢频率，两分钟后重试。"


# --- corruption ----------------------------------------------------------------------------------------


@dataclass(eq=False)
class SplitViewError(CorruptionError):
    """Two heads of one size with different roots."""

    origin: str
    size: int
    code: ClassVar[str] = "split-view"
    message: ClassVar[str] = "{origin} showed two different trees of {size} leaves."
    message_zh: ClassVar[str] = "{origin} 出现两个大小同为 {size} 而根不同的检查点。"
    remedy: ClassVar[str] = "Both are kept as evidence; publication stops until a person decides."
    remedy_zh: ClassVar[str] = "两者均已留存为证据，人工处理前停止发布。"


@dataclass(eq=False)
class InvariantBrokenError(CorruptionError):
    """Something that can never be, is."""

    invariant: str
    expected: str
    actual: str
    code: ClassVar[str] = "invariant-broken"
    message: ClassVar[str] = "Invariant {invariant} is broken: expected {expected}, found {actual}."
    message_zh: ClassVar[str] = "不变量 {invariant} 被破坏：应为 {expected}，实为 {actual}。"
    remedy: ClassVar[str] = "Stop, keep the data as it is, and call the person on duty."
    remedy_zh: ClassVar[str] = "请停止操作、保留现场并联系值班人员。"


@dataclass(eq=False)
class FlowRunsBackwardError(CorruptionError):
    """Money in a flow picture goes back to an earlier column, so it could go in a circle."""

    source: str
    target: str
    code: ClassVar[str] = "flow-runs-backward"
    message: ClassVar[str] = "The flow picture has money running back from {source} to {target}."
    message_zh: ClassVar[str] = "资金流向图中出现从 {source} 回流到 {target} 的资金。"
    remedy: ClassVar[str] = (
        "Split the settlement into a transferred-out and a transferred-in account."
    )
    remedy_zh: ClassVar[str] = "请将跨地区结算拆为转出与转入两个账户。"


@dataclass(eq=False)
class FlowShapeError(CorruptionError):
    """A flow picture cannot be drawn truthfully from what was given."""

    reason: str
    code: ClassVar[str] = "flow-shape"
    message: ClassVar[str] = "The flow picture cannot be drawn: {reason}."
    message_zh: ClassVar[str] = "资金流向图无法绘制：{reason}。"
    remedy: ClassVar[str] = "The table of movements is complete; report the reference number."
    remedy_zh: ClassVar[str] = "资金明细表是完整的；请报告编号。"


@dataclass(eq=False)
class KeyFileDamagedError(CorruptionError):
    """A key file is not what was written."""

    path: str
    code: ClassVar[str] = "key-file-damaged"
    message: ClassVar[str] = "The key file {path} is damaged or was changed."
    message_zh: ClassVar[str] = "密钥文件 {path} 已损坏或被改动。"
    remedy: ClassVar[str] = (
        "Stop this node and restore the file from the sealed backup of its keys."
    )
    remedy_zh: ClassVar[str] = "请停止本节点，并从密钥封存备份恢复该文件。"


# --- usage ---------------------------------------------------------------------------------------------


@dataclass(eq=False)
class SettingsError(UsageError):
    """A setting is missing or out of bounds."""

    setting: str
    reason: str
    code: ClassVar[str] = "settings"
    message: ClassVar[str] = "Setting {setting}: {reason}."
    message_zh: ClassVar[str] = "设置项 {setting}：{reason}。"
    remedy: ClassVar[str] = (
        "Correct it and start again; docs/reference/settings.md lists every setting."
    )
    remedy_zh: ClassVar[str] = "请更正后重新启动；全部设置见 docs/reference/settings.md。"


@dataclass(eq=False)
class FileModeError(UsageError):
    """A private file is open to others."""

    path: str
    actual: str
    expected: str
    code: ClassVar[str] = "file-mode"
    message: ClassVar[str] = "{path} has mode {actual}; private keys need {expected} or less."
    message_zh: ClassVar[str] = "{path} 的权限为 {actual}，私钥须为 {expected} 或更严。"
    remedy: ClassVar[str] = "Run: chmod {expected} {path}"
    remedy_zh: ClassVar[str] = "请执行：chmod {expected} {path}"


@dataclass(eq=False)
class WrongPassphraseError(UsageError):
    """The passphrase does not open the key store."""

    directory: str
    code: ClassVar[str] = "wrong-passphrase"
    message: ClassVar[str] = "The passphrase does not open the key store {directory}."
    message_zh: ClassVar[str] = "口令无法打开密钥库 {directory}。"
    remedy: ClassVar[str] = "Check ANXU_PASSPHRASE or the file keys/passphrase, and try again."
    remedy_zh: ClassVar[str] = "请核对 ANXU_PASSPHRASE 或 keys/passphrase 文件后重试。"


@dataclass(eq=False)
class KeyKindError(UsageError):
    """A key is asked for as something it is not."""

    name: str
    expected: str
    actual: str
    code: ClassVar[str] = "key-kind"
    message: ClassVar[str] = "The key {name} is of kind {actual}, not {expected}."
    message_zh: ClassVar[str] = "密钥 {name} 的类型是 {actual}，不是 {expected}。"
    remedy: ClassVar[str] = "Use the key that was made for this purpose."
    remedy_zh: ClassVar[str] = "请使用为该用途生成的密钥。"
