"""Makes counties.zip: twenty files as unlike as those of county offices, all invented. python3 make.py, with xlwt 1.3.0,
openpyxl 3.1.5 and msoffcrypto-tool 6.1. Codes are sound where nothing else is said."""
import io
import os
import subprocess
import tempfile
import warnings
import zipfile
import openpyxl
import xlwt

ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'
serial = 0


def code(area):
    """A sound code that nobody has: an authority 9 registers no enterprises of kind 9."""
    global serial
    serial += 1
    org = 'MA9%05d' % serial
    total = sum((int(c) if c.isdigit() else ord(c) - 55) * w for c, w in zip(org, (3, 7, 9, 10, 5, 8, 4, 2)))
    org += '0123456789X0'[11 - total % 11]
    body = '99' + area + org
    total = sum(ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + ALPHABET[(31 - total % 31) % 31]


def firm(place, what):
    return '%s%s（演示）有限公司' % (place, what)


HEAD = ['统一社会信用代码', '企业名称', '营业收入（万元）', '利润总额（万元）']


def rows(area, place, kinds, scale=1.0):
    return [[code(area), firm(place, k), round((1200.5 + 37 * i) * scale, 2), round((80.25 - 3 * i) * scale, 2)] for i, k in enumerate(kinds)]


def csv(lines, sep=','):
    return '\r\n'.join(sep.join(str(c) for c in line) for line in lines) + '\r\n'


def xls(write):
    book = xlwt.Workbook()
    write(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(write):
    book = openpyxl.Workbook()
    write(book, book.active)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def html(title, lines):
    body = ''.join('<tr>' + ''.join('<td>%s</td>' % c for c in line) + '</tr>\n' for line in lines)
    return '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"></head><body><table border=1><caption>%s</caption>\n%s</table></body></html>' % (title, body)


def xml2003(lines):
    def cell(c):
        return '<Cell><Data ss:Type="%s">%s</Data></Cell>' % ('Number' if isinstance(c, float) else 'String', c)
    body = ''.join('<Row>' + ''.join(cell(c) for c in line) + '</Row>' for line in lines)
    ns = 'urn:schemas-microsoft-com:office:spreadsheet'
    return '<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n<Workbook xmlns="%s" xmlns:ss="%s"><Worksheet ss:Name="2023年"><Table>%s</Table></Worksheet></Workbook>' % (ns, ns, body)


def plain_xls(area, place):
    def write(book):
        s = book.add_sheet('情况表')
        s.write_merge(0, 0, 0, 3, '2023年%s规上工业企业情况表' % place)
        for r, line in enumerate([HEAD] + rows(area, place, ['机械', '纺织', '电子']), 1):
            for c, v in enumerate(line):
                s.write(r, c, v)
        s.write(5, 0, '合计')
        s.write(5, 2, 3712.5)
    return xls(write)


def merged(book, s):
    s.append(['2023年有效投入和效益情况（单位：亿元）'])
    s.append(['企业信息', None, '效益情况', None])
    s.append(['统一社会信用代码', '企业名称', '营业收入', '利润总额'])
    for line in rows('320924', '射阳', ['风电', '健康'], 0.0001):
        s.append(line)
    s.append(['注：快报数。'])
    for r in ('A1:D1', 'A2:B2', 'C2:D2'):
        s.merge_cells(r)


def hidden(book, s):
    s.title = '上报'
    s.append(['2023年'])
    s.append(HEAD)
    for line in rows('320925', '建湖', ['石油装备', '节能灯', '旧账']):
        s.append(line)
    s.row_dimensions[5].hidden = True
    s.column_dimensions['D'].hidden = True
    old = book.create_sheet('去年底稿')
    old.append(['2022年'])
    old.append(HEAD)
    old.append(rows('320925', '建湖', ['底稿'])[0])
    old.sheet_state = 'hidden'


def sections(book, s):
    s.append(['2023年全市重点企业情况'])
    s.append(HEAD)
    s.append(['一、东台市'])
    s.append(rows('320981', '东台', ['弶港光伏'])[0])
    s.append(['大丰区'])
    s.append(rows('320904', '大丰', ['港区重工'])[0])
    s.merge_cells('A3:D3')
    s.merge_cells('A5:D5')


def numbers(book, s):
    s.append(['2023年'])
    s.append(HEAD)
    s.append([913209007311235000, firm('亭湖', '环保'), 900, 10])
    s.append([' 9９' + code('320902')[2:].lower(), firm('亭湖', '光电'), 901, 11])
    s.append([code('320902')[:-1] + '*', firm('亭湖', '印刷'), 902, 12])


def locked():
    with tempfile.TemporaryDirectory() as d:
        clear, shut = os.path.join(d, 'a.xlsx'), os.path.join(d, 'b.xlsx')
        with open(clear, 'wb') as f:
            f.write(xlsx(lambda book, s: [s.append(line) for line in [['2023年']] + [HEAD] + rows('320903', '盐都', ['数控'])]))
        subprocess.run(['python3', '-m', 'msoffcrypto', '-e', '-p', 'yandu2023', clear, shut], check=True)
        with open(shut, 'rb') as f:
            return f.read()


dongtai = plain_xls('320981', '东台')
files = {
    '大丰区/2023规上.csv': csv([['2023年大丰区规上工业', '', '', '']] + [HEAD] + rows('320904', '大丰', ['木业', '风机'])).encode('gb18030'),
    '大丰区/补报.csv': '\ufeff' + csv([HEAD] + rows('320904', '大丰', ['补报一'])),
    '东台市/东台.xls': dongtai,
    '东台市/东台WPS.et': dongtai,
    '射阳县.xlsx': xlsx(merged),
    '建湖县报表.xlsx': xlsx(hidden),
    '盐都区（有密码）.xlsx': locked(),
    '亭湖区.xlsx': xlsx(numbers),
    '阜宁县.txt': csv([['企业名称', '2023年营业收入（元）']] + [[firm('阜宁', k), v] for k, v in [('金属', '12,005,000.00'), ('玩具', '３４００００００')]], '\t').encode('gb18030'),
    '滨海县;分号.csv': 'sep=;\r\n' + csv([['企业名称', '2023年营业收入（万元）']] + [[firm('滨海', k), v] for k, v in [('化工', '壹佰万元整'), ('物流', '约1200'), ('港务', '3~5'), ('建材', '-')]], ';'),
    '响水县.xls': html('2023年响水县情况（万元）', [HEAD] + rows('320921', '响水', ['钢铁', '纸业'])).encode('gb18030'),
    '经开区导出.xls': xml2003([['2023年', '', '', '']] + [HEAD] + rows('320971', '经开', ['汽车', '光伏'])),
    '盐南高新区.csv': csv([['企业名称', '县（市、区）', '2023年营业收入（万元）']] + [[firm('盐南', '软件'), '盐南高新区', '500'], [firm('盐南', '数据'), '火星区', '600']]),
    '全市重点.xlsx': xlsx(sections),
    '扫描识别/阜寧縣.csv': csv([['企業名稱', '營業收入（萬元）'], ['阜宁(fù níng)精密（演示）有限公司', '800'], ['阜寧機電（演示）有限公司', '900']]),
    '滨海县/无年份.csv': csv([['企业名称', '营业收入（万元）'], [firm('滨海', '晚报'), '70']]),
    '说明.pdf': b'%PDF-1.7\n%\xe2\xe3\xcf\xd3\n',
    '照片.xls': b'\xff\xd8\xff\xe0\x00\x10JFIF\x00',
    '空表.csv': b'',
    '通知.docx.zip': b'PK\x05\x06' + bytes(18),
}

warnings.simplefilter('ignore')
with zipfile.ZipFile('counties.zip', 'w', zipfile.ZIP_DEFLATED) as z:
    for name, body in files.items():
        info = zipfile.ZipInfo('x' * len(name.encode('gbk')), (2024, 1, 15, 17, 50, 0))
        info.compress_type = zipfile.ZIP_DEFLATED
        z.writestr(info, body)
# The names in GBK, as Windows in China writes them: zipfile itself would write them in UTF-8.
raw = open('counties.zip', 'rb').read()
for name in files:
    gbk = name.encode('gbk')
    fill = b'x' * len(gbk)
    for mark, at in ((b'PK\x03\x04', 30), (b'PK\x01\x02', 46)):
        start = 0
        while True:
            i = raw.index(mark, start)
            if raw[i + at:i + at + len(gbk)] == fill and raw[i + at + len(gbk):i + at + len(gbk) + 1] != b'x':
                raw = raw[:i + at] + gbk + raw[i + at + len(gbk):]
                break
            start = i + 1
open('counties.zip', 'wb').write(raw)
